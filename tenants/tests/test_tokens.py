"""Access tokens: one form is accepted, everything else is the same 401."""

import time
from uuid import uuid4

import jwt
import pytest

from miosa.http.problem import Unauthenticated
from tenants import tokens
from tenants.secrets import derived_key

NOW = int(time.time())
GOOD = {
    "iss": "miosa",
    "aud": "miosa-api",
    "sub": str(uuid4()),
    "tid": str(uuid4()),
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 900,
}


def signed(claims, *, key=None, algorithm="HS256", headers=None):
    return jwt.encode(claims, key or derived_key("jwt"), algorithm=algorithm, headers=headers)


def test_it_works():
    """What was issued is read back."""
    user, tenant = uuid4(), uuid4()
    assert tokens.read(tokens.issue(user, tenant)) == tokens.Claims(user_id=user, tenant_id=tenant)


def test_it_accepts_the_claims_the_others_vary():
    """The basis of the refusals below is itself accepted, so each refusal has one cause."""
    assert str(tokens.read(signed(GOOD)).tenant_id) == GOOD["tid"]


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "someone"},
        {"aud": "other"},
        {"aud": ["miosa-api", "other"]},
        {"sub": "root"},
        {"tid": "acme"},
        {"tid": None},
        {"exp": NOW - 60},
        {"nbf": NOW + 600},
        {"iat": NOW + 600, "exp": NOW + 1500},
        {"exp": NOW + 90_000},
        {"exp": NOW, "iat": NOW + 3},
        *({name: ...} for name in GOOD),
    ],
    ids=str,
)
def test_it_refuses_a_wrong_or_missing_claim(change):
    """Every claim is required and checked, and the lifetime has a maximum."""
    claims = {name: value for name, value in (GOOD | change).items() if value is not ...}
    with pytest.raises(Unauthenticated):
        tokens.read(signed(claims))


def test_it_refuses_other_keys_and_algorithms():
    """Neither a foreign key, another algorithm, none at all, nor a key from the header is taken."""
    for forged in (
        signed(GOOD, key=b"x" * 32),
        signed(GOOD, key=b"z" * 64, algorithm="HS512"),
        jwt.encode(GOOD, None, algorithm="none"),
        signed(GOOD, key=b"y" * 32, headers={"jwk": {"kty": "oct"}, "kid": "../../dev/null"}),
        "not.a.token",
        "",
        "a" * 5000,
    ):
        with pytest.raises(Unauthenticated):
            tokens.read(forged)
