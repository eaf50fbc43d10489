"""Access tokens: JWT, one algorithm, every claim enforced."""

import time
from dataclasses import dataclass
from uuid import UUID

import jwt
from uuid_utils.compat import uuid7

from miosa.http.problem import Unauthenticated
from tenants.secrets import derived_key

ALGORITHM = "HS256"
ISSUER = "miosa"
AUDIENCE = "miosa-api"
LIFETIME_S = 900
MAX_LIFETIME_S = 3600
LEEWAY_S = 5
MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class Claims:
    """Whom a token speaks for."""

    user_id: UUID
    tenant_id: UUID


def issue(user_id: UUID, tenant_id: UUID, *, lifetime_s: int = LIFETIME_S, now_s: float | None = None) -> str:
    """Return a signed access token."""
    now = int(time.time() if now_s is None else now_s)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "tid": str(tenant_id),
        "jti": str(uuid7()),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_s,
    }
    return jwt.encode(claims, derived_key("jwt"), algorithm=ALGORITHM)


def read(token: str) -> Claims:
    """Return what a valid token says.

    Raises:
        Unauthenticated: for every flaw alike, so that an attacker learns nothing from the difference.
    """
    try:
        if len(token) > MAX_LENGTH:
            raise ValueError("too long")
        claims = jwt.decode(
            token,
            derived_key("jwt"),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub", "tid"], "strict_aud": True},
        )
        if not 0 < claims["exp"] - claims["iat"] <= MAX_LIFETIME_S:
            raise ValueError("lifetime")
        return Claims(user_id=UUID(claims["sub"]), tenant_id=UUID(claims["tid"]))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as flaw:
        raise Unauthenticated("The access token is not valid, or no longer.") from flaw
