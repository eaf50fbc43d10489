"""Variables of a tenant's app as they lie on the disk: encrypted, and bound to the place they belong to."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deployments.hosting.errors import HostingError

NONCE_BYTES = 12


class Unreadable(HostingError):  # noqa: N818  (it reads as what happened)
    """Kept variables cannot be opened: the state folder's secret was changed. Deploy again to set them anew."""


def seal(secret: str, values: Mapping[str, str], *, place: str) -> str:
    """Return the values as text that only the same secret opens, and only at the same place."""
    nonce = os.urandom(NONCE_BYTES)
    plain = json.dumps(dict(values)).encode()
    return base64.b64encode(nonce + _cipher(secret).encrypt(nonce, plain, place.encode())).decode()


def unseal(secret: str, sealed: str, *, place: str) -> dict[str, str]:
    """Return what was sealed; nothing for an empty text. Raises Unreadable."""
    if not sealed:
        return {}
    try:
        raw = base64.b64decode(sealed)
        plain = _cipher(secret).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable(str(Unreadable.__doc__)) from error
    return {str(name): str(value) for name, value in json.loads(plain).items()}


def _cipher(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(b"hosting variables\0" + secret.encode()).digest())
