"""The keys that sign access tokens: made, rotated and sealed anew; the only writer of SigningKey.

They belong to the installation, so the platform's login writes them, in a transaction of its own; the application's
login reads them. Only one process at a time makes or retires a key.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from uuid_utils.compat import uuid7

from miosa.pg.platform import platform
from tenants import audit, vault
from tenants.models import SigningKey

FOLLOWED_WITHIN_S = 5.0  # how old a process's knowledge of the keys may be
MAX_LIFETIME_S = 3600  # of a token; MIOSA_TOKEN_LIFETIME_S may be no more
LEEWAY_S = 5  # how far clocks may differ
RSA_BITS = 3072
LOCK = 0x4B455953  # "KEYS"


def verifying(now: datetime) -> QuerySet[SigningKey]:
    """Return the keys that have not expired, oldest first."""
    return SigningKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now)).order_by("created", "kid")


def verifies(key: SigningKey, now: datetime) -> bool:
    """Tell whether tokens of the key are accepted."""
    return key.expires_at is None or key.expires_at > now


def signs(key: SigningKey, now: datetime) -> bool:
    """Tell whether the key may sign; of several the oldest does."""
    return verifies(key, now) and (key.retired_at is None or key.retired_at > now)


def make_first(algorithm: str) -> None:
    """Make a key unless there is one that signs; of processes that ask at once exactly one makes it."""
    with _alone():
        now = timezone.now()
        if not any(row.algorithm == algorithm and signs(row, now) for row in verifying(now)):
            made = _make(algorithm)
            audit.record_platform(
                "signing_key.created",
                actor="system",
                object_type="signing_key",
                object_id=made.kid,
                after={"algorithm": algorithm},
            )


def rotate(
    algorithm: str, *, retire_after_s: int = 0, distrust: bool = False, actor: str = "system"
) -> SigningKey:
    """Make a new key and let the present ones go.

    They sign for `retire_after_s` more seconds, while the new one is published already, and verify until the last
    token they signed has expired. With `distrust`, for a key that leaked, they do neither from now on.
    """
    with _alone():
        now = timezone.now()
        retired = now + timedelta(seconds=0 if distrust else retire_after_s)
        # Another process may sign with the key until it has read the table again.
        last_token_s = 0 if distrust else FOLLOWED_WITHIN_S + MAX_LIFETIME_S + LEEWAY_S
        before = [row for row in verifying(now) if distrust or signs(row, now)]
        for row in before:
            row.retired_at = min(row.retired_at or retired, retired)
            expires = row.retired_at + timedelta(seconds=last_token_s)
            row.expires_at = min(row.expires_at or expires, expires)
            row.save(update_fields=["retired_at", "expires_at"])
        made = _make(algorithm)
        audit.record_platform(
            "signing_key.rotated",
            actor=actor,
            object_type="signing_key",
            object_id=made.kid,
            before={"kids": [row.kid for row in before]},
            after={"algorithm": algorithm, "retire_after_s": retire_after_s, "distrusted": distrust},
        )
        return made


def reseal() -> int:
    """Seal every private half with the newest master key; return how many were sealed with another."""
    newest, count = vault.newest_key_id(), 0
    with _alone():
        for row in SigningKey.objects.exclude(key_id=newest):
            plain = vault.open_sealed(row.key_id, bytes(row.private_sealed), purpose=purpose_of(row.kid))
            row.key_id, row.private_sealed = vault.seal(plain, purpose=purpose_of(row.kid))
            row.save(update_fields=["key_id", "private_sealed"])
            count += 1
    return count


def purpose_of(kid: str) -> str:
    """Return what the sealed private half is bound to."""
    return f"signing-key:{kid}"


@contextmanager
def _alone() -> Iterator[None]:
    with platform(), transaction.atomic(using="platform"):
        with connections["platform"].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        yield


def _make(algorithm: str) -> SigningKey:
    kid = uuid7().hex
    private, public_jwk = _rsa_pair() if algorithm == SigningKey.Algorithm.RS256 else _ed25519_pair()
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key_id, sealed = vault.seal(plain, purpose=purpose_of(kid))
    return SigningKey.objects.create(
        kid=kid,
        algorithm=algorithm,
        public_jwk={**public_jwk, "kid": kid, "use": "sig", "alg": algorithm},
        key_id=key_id,
        private_sealed=sealed,
    )


def _ed25519_pair() -> tuple[Ed25519PrivateKey, dict[str, str]]:
    private = Ed25519PrivateKey.generate()
    return private, {"kty": "OKP", "crv": "Ed25519", "x": _base64(private.public_key().public_bytes_raw())}


def _rsa_pair() -> tuple[rsa.RSAPrivateKey, dict[str, str]]:
    private = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    numbers = private.public_key().public_numbers()
    return private, {"kty": "RSA", "n": _base64(_bytes(numbers.n)), "e": _base64(_bytes(numbers.e))}


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
