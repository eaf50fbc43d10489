"""Headers, keys and signatures of access tokens: whatever is not ours is the same 401."""

import base64
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tenants import tokens
from tenants.tests.forging import HEADER, good, raw, refuses, signed


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256"},
        {"alg": "HS256", "typ": "JWT"},
        {"alg": "HS256", "typ": ["at+jwt"]},
        {"alg": "HS256", "typ": "at+jwt", "crit": ["exp"]},
        {"alg": "HS256", "typ": "at+jwt", "crit": ["b64"], "b64": True},
        {"alg": "HS256", "typ": "at+jwt", "crit": []},
        {"alg": "hs256", "typ": "at+jwt"},
        {"alg": "HS512", "typ": "at+jwt"},
        {"alg": "none", "typ": "at+jwt"},
        {"alg": None, "typ": "at+jwt"},
        {"alg": ["HS256"], "typ": "at+jwt"},
        {"typ": "at+jwt"},
        [],
        "HS256",
        1,
    ],
    ids=str,
)
def test_it_refuses_another_header(header):
    """Kind and algorithm are ours, and what must be understood (`crit`) is not understood."""
    assert refuses(raw(json.dumps(header), json.dumps(good())))


def test_it_refuses_other_keys_and_algorithms():
    """Neither a foreign key, another algorithm, none at all, nor a key that the header brings along."""
    foreign = b"y" * 32
    jwk = {"kty": "oct", "k": base64.urlsafe_b64encode(foreign).decode().rstrip("=")}
    for forged in (
        signed(good(), key=b"x" * 32),
        signed(good(), key=b"z" * 64, algorithm="HS512"),
        signed(good(), key=b"z" * 64, algorithm="HS384"),
        jwt.encode(good(), None, algorithm="none", headers={"typ": "at+jwt"}),
        signed(good())[: signed(good()).rindex(".") + 1],
        signed(good(), key=foreign, jwk=jwk, kid="../../dev/null"),
        signed(good(), key=foreign, jku="https://keys.example/jwks.json", x5u="https://keys.example/x5"),
    ):
        assert refuses(forged)


def test_it_takes_no_notice_of_a_key_in_the_header():
    """What a header offers changes nothing: our own signature holds, whatever stands beside it."""
    assert tokens.read(signed(good(), jku="https://keys.example", jwk={"kty": "oct", "k": "eA"}, kid="none"))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "not.a.token",
        "a" * 5000,
        raw("[" * 200, "{}"),
        raw(HEADER, "[" * 900),
        raw(HEADER, json.dumps(good() | {"more": "m" * 2000})),
        raw(HEADER, '{"exp": 1' + "0" * 800 + "}"),
        raw(HEADER, "[]"),
        raw(HEADER, "null"),
        "\N{SNOWMAN}" * 60,
        "eyJ\0.e.e",
    ],
    ids=lambda token: token[:12],
)
def test_it_refuses_what_is_no_token(token):
    """Too long, cut, padded, nested without end: refused before or after decoding, never an error."""
    assert refuses(token)


@pytest.mark.parametrize("written", ["{}=", " {}", "{}\n", "{}.x", "{}.", ".{}", "{} "])
def test_it_refuses_a_good_token_with_something_around_it(written):
    """Padding, blanks and further parts make it none, though its signature is right."""
    assert refuses(written.format(signed(good())))


@given(some.integers(min_value=0), some.integers(min_value=0, max_value=255))
def test_it_refuses_a_token_with_one_byte_changed(place, byte):
    """Every byte of header, claims and signature counts."""
    token = signed(good())
    spot = place % len(token)
    changed = token[:spot] + chr(byte) + token[spot + 1 :]
    same_bits = spot == len(token) - 1  # the last character holds bits that no byte uses
    assert changed == token or same_bits or refuses(changed)
