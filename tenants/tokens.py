"""Access tokens: JWT for a few minutes, one form, every claim enforced.

The algorithm is the key's, never the token's: with HS256 the one secret signs, else a key of our own table that `kid`
names. Whatever else a header offers (`jku`, `jwk`, `x5u`) is not even read.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from uuid_utils.compat import uuid7

from miosa.http.problem import Unauthenticated
from tenants import key_ring
from tenants.secrets import derived_key
from tenants.signing_keys import LEEWAY_S, MAX_LIFETIME_S

SYMMETRIC = "HS256"
TYPE = "at+jwt"  # RFC 9068: no other kind of JWT passes for an access token
ISSUER = "miosa"
AUDIENCE = "miosa-api"
MAX_LENGTH = 2048
FORM = re.compile(r"[A-Za-z0-9_-]{16,400}\.[A-Za-z0-9_-]{16,1300}\.[A-Za-z0-9_-]{43,700}")
REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub", "tid", "sid", "jti"]
REFUSED = "The access token is not valid, or no longer."
# RecursionError: JSON that is nested without end.
FLAWS = (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for."""

    user_id: UUID
    tenant_id: UUID
    session_id: UUID


def issue(claims: Claims, *, lifetime_s: int | None = None, now_s: float | None = None) -> str:
    """Return a signed access token; without `lifetime_s` it lives as long as the environment says."""
    now = int(time.time() if now_s is None else now_s)
    payload = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(claims.user_id),
        "tid": str(claims.tenant_id),
        "sid": str(claims.session_id),
        "jti": str(uuid7()),
        "iat": now,
        "nbf": now,
        "exp": now + (settings.ENVIRONMENT.token_lifetime_s if lifetime_s is None else lifetime_s),
    }
    algorithm = settings.ENVIRONMENT.jwt_algorithm
    if algorithm == SYMMETRIC:
        return jwt.encode(payload, derived_key("jwt"), algorithm=SYMMETRIC, headers={"typ": TYPE})
    kid, private = key_ring.signing_key(algorithm)
    return jwt.encode(payload, private, algorithm=algorithm, headers={"typ": TYPE, "kid": kid})


def read(token: str) -> Claims:
    """Return what a valid token says.

    Raises:
        Unauthenticated: for every flaw alike, so that an attacker learns nothing from the difference.
    """
    try:
        if len(token) > MAX_LENGTH or not FORM.fullmatch(token):
            raise ValueError("form")
        algorithm, key = _key_for(jwt.get_unverified_header(token))
        payload = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": REQUIRED, "strict_aud": True},
        )
        return _claims(payload)
    except FLAWS as flaw:
        raise Unauthenticated(REFUSED) from flaw


def _key_for(header: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the algorithm and the key that must have signed this; the header's own algorithm has to agree."""
    if header.get("typ") != TYPE or "crit" in header:
        raise ValueError("kind")
    if settings.ENVIRONMENT.jwt_algorithm == SYMMETRIC:
        algorithm, key = SYMMETRIC, derived_key("jwt")
    else:
        algorithm, key = key_ring.verifying_key(header["kid"])
    if header.get("alg") != algorithm:
        raise ValueError("algorithm")
    return algorithm, key


def _claims(payload: Mapping[str, Any]) -> Claims:
    """Check what PyJWT takes in more forms than we issue: whole seconds, and UUIDs written in one way."""
    issued, begins, ends = (payload[name] for name in ("iat", "nbf", "exp"))
    if any(type(moment) is not int for moment in (issued, begins, ends)):
        raise ValueError("time")
    if not issued <= begins < ends <= issued + MAX_LIFETIME_S:
        raise ValueError("lifetime")
    _uuid(payload["jti"])
    return Claims(
        user_id=_uuid(payload["sub"]), tenant_id=_uuid(payload["tid"]), session_id=_uuid(payload["sid"])
    )


def _uuid(text: str) -> UUID:
    found = UUID(text)
    if str(found) != text:
        raise ValueError("no canonical UUID")
    return found
