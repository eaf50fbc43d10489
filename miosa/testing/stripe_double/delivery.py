"""Webhooks as Stripe sends them: signed over the raw body; on demand several times, shuffled, late, or with an old secret."""

import hashlib
import hmac
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

TIMEOUT_S = 20.0


def signed(event: dict[str, Any], secret: str, *, at: int | None = None) -> tuple[bytes, str]:
    """Return body and Stripe-Signature of an event."""
    body = json.dumps(event, indent=2).encode()
    moment = int(time.time()) if at is None else at
    signature = hmac.digest(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hex()
    return body, f"t={moment},v1={signature}"


def deliver(
    events: Sequence[dict[str, Any]],
    url: str,
    secret: str,
    *,
    copies: int = 1,
    seed: int | None = None,
    at_once: int = 1,
) -> list[int]:
    """Post events, each `copies` times, shuffled by `seed`, `at_once` at a time; return the statuses."""
    letters = list(events) * copies
    if seed is not None:
        random.Random(seed).shuffle(letters)
    with ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda event: _posted(url, *signed(event, secret)), letters))


def _posted(url: str, body: bytes, signature: str) -> int:
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
