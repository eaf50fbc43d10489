"""The signing keys as one process knows them: read from the table, kept for seconds, followed by every process.

What is kept is never older than a few seconds, so a rotation reaches all processes by itself. A `kid` that is not
known makes the table read again, once in a second at most: strangers cannot make us ask the database more often.
"""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.serialization import load_der_private_key
from django.utils import timezone

from tenants import signing_keys, vault
from tenants.models import SigningKey
from tenants.signing_keys import FOLLOWED_WITHIN_S

LOOK_AGAIN_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys that verify, oldest first, and when they were read (on the monotonic clock)."""

    rows: tuple[SigningKey, ...]
    public: dict[str, Any]
    read_at_s: float

    @property
    def age_s(self) -> float:
        return time.monotonic() - self.read_at_s


_EMPTY = Ring(rows=(), public={}, read_at_s=float("-inf"))
_ring = _EMPTY
_reading = threading.Lock()


def signing_key(algorithm: str) -> tuple[str, Any]:
    """Return kid and private key of the key that signs now; the first one is made when it is asked for."""
    row = _signs(_within(FOLLOWED_WITHIN_S), algorithm)
    if row is None:
        signing_keys.make_first(algorithm)
        row = _signs(_within(0), algorithm)
    if row is None:
        raise RuntimeError(f"There is no key for {algorithm}, though one was just made.")
    return row.kid, _private(row.kid, row.key_id, bytes(row.private_sealed))


def verifying_key(kid: str) -> tuple[str, Any]:
    """Return algorithm and public key; raises KeyError for a kid that is unknown or has expired."""
    ring = _within(FOLLOWED_WITHIN_S)
    if kid not in ring.public:
        ring = _within(LOOK_AGAIN_AFTER_S)
    row = next((row for row in ring.rows if row.kid == kid), None)
    if row is None or not signing_keys.verifies(row, timezone.now()):
        raise KeyError(kid)
    return row.algorithm, ring.public[kid]


def published(algorithm: str) -> list[dict[str, Any]]:
    """Return the public halves of all keys that verify, for JWKS."""
    signing_key(algorithm)
    now = timezone.now()
    return [row.public_jwk for row in _within(FOLLOWED_WITHIN_S).rows if signing_keys.verifies(row, now)]


def forget() -> None:
    """Read the table again before the next use."""
    global _ring  # noqa: PLW0603  the one ring of this process
    _ring = _EMPTY


def _within(age_s: float) -> Ring:
    """Return a ring not older than this when the call began; who comes while it is read waits for it."""
    global _ring  # noqa: PLW0603  the one ring of this process
    since = time.monotonic() - age_s
    if _ring.read_at_s < since:
        with _reading:
            if _ring.read_at_s < since:
                _ring = _read()
    return _ring


def _read() -> Ring:
    began = time.monotonic()  # before the query: what commits while it runs may be missing
    rows = tuple(signing_keys.verifying(timezone.now()))
    public = {row.kid: jwt.PyJWK(row.public_jwk, algorithm=row.algorithm).key for row in rows}
    return Ring(rows=rows, public=public, read_at_s=began)


def _signs(ring: Ring, algorithm: str) -> SigningKey | None:
    now: datetime = timezone.now()
    return next(
        (row for row in ring.rows if row.algorithm == algorithm and signing_keys.signs(row, now)), None
    )


@lru_cache(maxsize=4)
def _private(kid: str, key_id: str, sealed: bytes) -> Any:
    return load_der_private_key(
        vault.open_sealed(key_id, sealed, purpose=signing_keys.purpose_of(kid)), password=None
    )
