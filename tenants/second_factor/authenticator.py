"""Enrolling, checking and ending the second factor of staff; the only writer of Authenticator and RecoveryCode.

All of it runs as the platform, whose login alone can read these tables. django-otp does the arithmetic and the
throttling; secrets are sealed by the vault, recovery codes are stored as keyed hashes.
"""

import math
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP

from tenants import audit, vault
from tenants.models import Authenticator, RecoveryCode, User
from tenants.secrets import keyed_hash

ISSUER = "MIOSA"
SECRET_BYTES = 20  # RFC 4226 section 4
STEP_S, DIGITS, TOLERANCE = 30, 6, 1
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken for something else
PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an app has to know, once: `secret` in base32 for typing, `uri` for its camera."""

    device: Authenticator
    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Try:
    """The outcome of one code. `wait_s`: how long no further code is looked at."""

    device: Authenticator | None = None
    wait_s: int = 0


def of(user: User) -> Authenticator | None:
    """Return a person's device that counts, None where there is none."""
    found: Authenticator | None = Authenticator.objects.filter(user_id=user.pk, confirmed=True).first()
    return found


def codes_left(device: Authenticator) -> int:
    """Return how many recovery codes were not used yet."""
    return device.codes.filter(used_at=None).count()


def enrol(user: User) -> Enrolment:
    """Return the secret to put into an app; the same one again until a code confirms it."""
    with transaction.atomic(using=PLATFORM):
        waiting = Authenticator.objects.filter(user_id=user.pk, confirmed=False).first()
        if waiting is None:
            key_id, sealed = vault.seal(secrets.token_bytes(SECRET_BYTES), purpose=_purpose(user))
            waiting, _ = Authenticator.objects.get_or_create(
                user=user,
                confirmed=False,
                defaults={"name": "authenticator app", "key_id": key_id, "sealed": sealed},
            )
    text = b32encode(_secret(waiting)).decode().rstrip("=")
    facts = {"secret": text, "issuer": ISSUER, "digits": DIGITS, "period": STEP_S}
    return Enrolment(waiting, text, f"otpauth://totp/{quote(f'{ISSUER}:{user.email}')}?{urlencode(facts)}")


def confirm(user: User, code: str) -> tuple[Try, list[str]]:
    """Let the enrolled app count from now on, if this is its code; return the recovery codes' only plain copies."""
    with transaction.atomic(using=PLATFORM):
        device = Authenticator.objects.select_for_update().filter(user_id=user.pk, confirmed=False).first()
        if device is None or of(user):
            return Try(), []
        if wait_s := _wait_s(device):
            return Try(wait_s=wait_s), []
        if not _matches(device, _plain(code)):
            return _missed(device), []
        device.confirmed = True
        _used(device)
        plain = [_new_code() for _ in range(RECOVERY_CODES)]
        RecoveryCode.objects.bulk_create(
            RecoveryCode(device=device, digest=_digest(user, _plain(code_))) for code_ in plain
        )
        _record("second_factor.enabled", user)
    return Try(device), plain


def check(user: User, code: str) -> Try:
    """Judge a code of the app, or a recovery code, which is used up by it."""
    with transaction.atomic(using=PLATFORM):
        device = Authenticator.objects.select_for_update().filter(user_id=user.pk, confirmed=True).first()
        if device is None:
            return Try()
        if wait_s := _wait_s(device):
            return Try(wait_s=wait_s)
        if _matches(device, _plain(code)) or _recovers(device, user, _plain(code)):
            _used(device)
            return Try(device)
        return _missed(device)


def disable(user: User) -> None:
    """End a person's second factor; the caller has asked for password and code."""
    _end(user, "second_factor.disabled", actor=f"staff:{user.pk}")


def reset(user: User, *, actor: str) -> bool:
    """End the second factor of somebody who lost it; False where there is none."""
    if not Authenticator.objects.filter(user_id=user.pk).exists():
        return False
    _end(user, "second_factor.reset", actor=actor)
    return True


def _end(user: User, action: str, *, actor: str) -> None:
    with transaction.atomic(using=PLATFORM):
        Authenticator.objects.filter(user_id=user.pk).delete()
        _record(action, user, actor=actor)


def _matches(device: Authenticator, code: str) -> bool:
    """Tell whether this is a code of the app that was not used yet, and remember its time step."""
    if not re.fullmatch(rf"[0-9]{{{DIGITS}}}", code):
        return False
    totp = TOTP(_secret(device), STEP_S, 0, DIGITS, device.drift)
    if not totp.verify(int(code), TOLERANCE, device.last_t + 1):
        return False
    device.last_t, device.drift = totp.t(), totp.drift
    return True


def _recovers(device: Authenticator, user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(device=device, digest=_digest(user, code), used_at=None)
    return bool(unused.update(used_at=timezone.now()))


def _missed(device: Any) -> Try:
    device.throttle_increment()
    return Try(wait_s=_wait_s(device))


def _used(device: Any) -> None:
    device.throttle_reset(commit=False)
    device.set_last_used_timestamp(commit=False)
    device.save()


def _wait_s(device: Any) -> int:
    allowed, why = device.verify_is_allowed()
    if allowed:
        return 0
    left_s: float = (why["locked_until"] - timezone.now()).total_seconds()
    return max(1, math.ceil(left_s))


def _secret(device: Authenticator) -> bytes:
    return vault.open_sealed(device.key_id, device.sealed, purpose=f"second-factor:{device.user_id}")


def _purpose(user: User) -> str:
    return f"second-factor:{user.pk}"


def _digest(user: User, code: str) -> bytes:
    return keyed_hash("recovery-code", f"{user.pk}:{code}")


def _plain(code: str) -> str:
    """Return the code without what people put between its parts."""
    return re.sub(r"[\s-]", "", code).lower()


def _new_code() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


def _record(action: str, user: User, *, actor: str = "") -> None:
    audit.record_platform(
        action,
        actor=actor or f"staff:{user.pk}",
        object_type="user",
        object_id=user.pk,
        after={"email": user.email},
    )
