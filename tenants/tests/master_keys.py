"""Master keys for tests, and a way to work with some of them for a while."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.conf import settings

OLD = (
    "old:"
    + base64.b64encode(
        bytes.fromhex("c3a9f17b5e2d4486b0d7719ea5f3c2188e64d05b1f7c92ab3d50e6f8417a9bcd")
    ).decode()
)
NEW = (
    "new:"
    + base64.b64encode(
        bytes.fromhex("17e2b94fd6a803c55f1e7c90ab3d48f6021b9de4c7756a3f88d1402ce95fb37a")
    ).decode()
)


@contextmanager
def keys(*entries: str) -> Iterator[None]:
    """Seal with the first of these, open with all."""
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, secret_keys=entries)
    try:
        yield
    finally:
        settings.ENVIRONMENT = before
