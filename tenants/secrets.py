"""Keys derived from the one master secret, each for one purpose."""

import hashlib
import hmac

from django.conf import settings


def derived_key(purpose: str) -> bytes:
    """Return 32 bytes that serve only `purpose` (HMAC-SHA256 as a one-step KDF, NIST SP 800-108)."""
    return hmac.digest(settings.ENVIRONMENT.jwt_secret.encode(), b"miosa:" + purpose.encode(), "sha256")


def keyed_hash(purpose: str, value: str) -> bytes:
    """Return the 32-byte HMAC-SHA256 of `value`: a stolen table alone does not let anyone guess."""
    return hmac.digest(derived_key(purpose), value.encode(), hashlib.sha256)
