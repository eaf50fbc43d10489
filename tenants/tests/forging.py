"""How tests forge and refuse access tokens."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from miosa.http.problem import Unauthenticated
from tenants import tokens
from tenants.secrets import derived_key

NAMES = ("iss", "aud", "sub", "tid", "sid", "jti", "iat", "nbf", "exp")
# The same in every process: names of tests are made of them.
IDS = {
    name: str(UUID(int=number << 64 | 4 << 76 | 2 << 62))
    for number, name in enumerate(("sub", "tid", "sid", "jti"), 11)
}
HEADER = '{"alg": "HS256", "typ": "at+jwt"}'
WHO = tokens.Claims(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4())


def good(**change: Any) -> dict[str, Any]:
    """Return claims that are accepted at this moment, but for `change`."""
    now = int(time.time())
    times = {"iat": now, "nbf": now, "exp": now + 900}
    return {"iss": "miosa", "aud": "miosa-api", **IDS, **times, **change}


def after(**seconds: int) -> dict[str, int]:
    """Return moments, given by how many seconds after this one they are."""
    now = int(time.time())
    return {name: now + offset for name, offset in seconds.items()}


def signed(claims: Any, *, key: bytes | None = None, algorithm: str = "HS256", **header: Any) -> str:
    """Return a token as PyJWT makes it, signed with our secret unless another key is named."""
    return jwt.encode(
        claims, key or derived_key("jwt"), algorithm=algorithm, headers={"typ": "at+jwt", **header}
    )


def raw(header: str, payload: str) -> str:
    """Return a token of any two texts, signed with our secret."""
    return forged(header, payload, by_hmac(derived_key("jwt")))


def forged(header: Any, payload: Any, sign: Callable[[bytes], bytes]) -> str:
    """Return a token of any header and payload (texts, or what JSON can say) with any signature."""
    parts = ".".join(
        _part(value if isinstance(value, str) else json.dumps(value)) for value in (header, payload)
    )
    return f"{parts}.{_base64(sign(parts.encode()))}"


def by_hmac(key: bytes) -> Callable[[bytes], bytes]:
    """Return a signature by HMAC-SHA256, for which PyJWT itself would refuse some keys."""
    return lambda text: jwt.get_algorithm_by_name("HS256").sign(text, key)


def refuses(token: str) -> bool:
    """Tell that a token is refused, with the words that every flaw has in common."""
    with pytest.raises(Unauthenticated) as refusal:
        tokens.read(token)
    assert str(refusal.value) == tokens.REFUSED
    return True


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims without asking who signed them."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def kid_of(token: str) -> str:
    """Return the name of the key that a token says has signed it."""
    return str(jwt.get_unverified_header(token)["kid"])


def _part(text: str) -> str:
    return _base64(text.encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
