"""The claims of access tokens: one form is accepted, everything else is the same 401."""

import json
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as some

from miosa.environment import InvalidEnvironment, read
from miosa.http.problem import Unauthenticated
from tenants import signing_keys, tokens
from tenants.tests.forging import HEADER, IDS, NAMES, WHO, after, claims_of, good, raw, refuses, signed

TIMES = ("iat", "nbf", "exp")
ODD = [None, True, False, 0, -1, 1.5, 10**30, "", " ", [], {}, ["miosa-api"], {"a": 1}]
# As texts: no UUID that is written in another way than ours, and no number made of one.
SOMEBODY = UUID(
    "5f0c6f2e-8f0a-4d53-9d0b-6f1a2b3c4d5e"
)  # the same in every process, as names of tests must be
ODD_IDS = ["root", "0" * 32, *(write(SOMEBODY) for write in (
    lambda one: str(one).upper(), "{{{}}}".format, "urn:uuid:{}".format, " {}".format, lambda one: one.int,
))]  # fmt: skip
# Of the moment that would be right: as a text, with a fraction, and beyond all moments.
ODD_TIMES = [str, float, lambda now: now + 0.5, lambda _now: float("nan"), lambda _now: float("inf"),
             lambda _now: -float("inf"), lambda _now: True, lambda _now: 2**63, lambda _now: -(2**63),
             lambda _now: 10**300]  # fmt: skip
ODD_NAMES = ["someone", "MIOSA-API", "miosa ", ["miosa", "miosa-api"], ["miosa-api"], ["miosa"]]


def test_it_works():
    """What was issued is read back."""
    claims = tokens.Claims(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4())
    assert tokens.read(tokens.issue(claims)) == claims


def test_it_accepts_the_claims_the_others_vary():
    """The basis of the refusals below is itself accepted, in both ways of writing it: each refusal has one cause."""
    assert str(tokens.read(signed(good())).tenant_id) == IDS["tid"]
    assert tokens.read(raw(HEADER, json.dumps(good())))


def test_it_says_who_for_whom_and_until_when():
    """An issued token names issuer, audience, person, tenant, session, itself, and lives for 15 minutes."""
    token = tokens.issue(WHO, now_s=1_800_000_000.7)
    said = claims_of(token)
    assert set(said) == set(NAMES)
    assert (said["iat"], said["nbf"], said["exp"]) == (1_800_000_000, 1_800_000_000, 1_800_000_900)
    assert (said["aud"], said["iss"], said["sub"]) == ("miosa-api", "miosa", str(WHO.user_id))
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "at+jwt"}


@pytest.mark.parametrize("name", NAMES)
def test_it_requires_every_claim(name):
    """Without any one of them a token is none."""
    assert refuses(signed({key: value for key, value in good().items() if key != name}))


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in NAMES for value in ODD]
    + [(name, value) for name in IDS for value in ODD_IDS]
    + [(name, value) for name in ("iss", "aud") for value in ODD_NAMES],
    ids=repr,
)
def test_it_refuses_a_claim_of_another_type_or_form(name, value):
    """Numbers, texts that are no canonical UUIDs, lists and booleans: all the same 401."""
    assert refuses(raw(HEADER, json.dumps(good(**{name: value}))))


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize("odd", ODD_TIMES)
def test_it_refuses_a_moment_that_is_no_whole_number_of_seconds(name, odd):
    """As a text, a fraction, NaN, infinite, a boolean, too large for any clock: the same 401."""
    claims = good()
    assert refuses(raw(HEADER, json.dumps(claims | {name: odd(claims[name])})))


@pytest.mark.parametrize(
    "offsets",
    [
        {"exp": -6},
        {"exp": -60, "iat": -900, "nbf": -900},
        {"nbf": 30},
        {"nbf": -30},
        {"iat": 30, "nbf": 30, "exp": 900},
        {"exp": 3602},
        {"exp": 90_000},
        {"exp": 0},
        {"exp": 0, "iat": 3},
        {"iat": -1_700_000_000, "nbf": -1_700_000_000},
    ],
    ids=str,
)
def test_it_refuses_a_time_that_is_not_now(offsets):
    """Past, future, in the wrong order, and longer than a token may live at most."""
    assert refuses(signed(good(**after(**offsets))))


def test_it_forgives_clocks_five_seconds():
    """Two hosts that differ by a few seconds still understand each other."""
    assert tokens.read(signed(good(**after(exp=-2, iat=-900, nbf=-900))))
    assert tokens.read(signed(good(**after(iat=3, nbf=3))))


@given(some.dictionaries(some.sampled_from(NAMES), some.none() | some.booleans() | some.integers()
                         | some.floats() | some.text(max_size=40) | some.lists(some.integers(), max_size=2),
                         min_size=1))  # fmt: skip
def test_it_never_reads_a_wrong_claim_as_another(change):
    """Whatever stands in the claims, it is refused, or read as exactly what it says."""
    claims = good(**change)
    try:
        found = tokens.read(raw(HEADER, json.dumps(claims)))
    except Unauthenticated:
        return
    assert (str(found.user_id), str(found.tenant_id), str(found.session_id)) == tuple(
        claims[name] for name in ("sub", "tid", "sid")
    )
    assert all(type(claims[name]) is int for name in TIMES)
    assert (claims["iss"], claims["aud"]) == ("miosa", "miosa-api")


@pytest.mark.parametrize("lifetime", ["0", "29", "3601", "86400", "15m", "-1"])
def test_it_refuses_a_lifetime_without_bounds(lifetime):
    """The variable cannot make tokens that live longer than an hour, which is also the most that is accepted."""
    with pytest.raises(InvalidEnvironment, match="from 30 to 3600"):
        read({"MIOSA_TOKEN_LIFETIME_S": lifetime})
    assert read({}).token_lifetime_s == 900
    assert read({"MIOSA_TOKEN_LIFETIME_S": "3600"}).token_lifetime_s == signing_keys.MAX_LIFETIME_S


def test_it_knows_three_algorithms_and_no_weak_secret():
    """JWT_ALGORITHM is one of a fixed list; a secret that can be guessed is refused at the start."""
    assert read({}).jwt_algorithm == "HS256"
    assert read({"JWT_ALGORITHM": "eddsa"}).jwt_algorithm == "EdDSA"
    for wrong in ("none", "HS512", "ES256", "RS256,none"):
        with pytest.raises(InvalidEnvironment, match="JWT_ALGORITHM must be HS256 or EdDSA or RS256"):
            read({"JWT_ALGORITHM": wrong})
    with pytest.raises(InvalidEnvironment, match="JWT_SECRET is"):
        read({"JWT_SECRET": "your-256-bit-secret-your-256-bit-secret"})
