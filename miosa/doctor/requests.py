"""Requests as a client would send them, through every middleware; whatever they do is rolled back.

The work of a request that is undone is never announced either: what waits for a commit (a worker called to a task)
waits for ever.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.test import Client
from django_tenants.utils import schema_context

from miosa.doctor.attack import Ground
from miosa.doctor.checksum import checksum

ADDRESS = "192.0.2.1"  # RFC 5737: nobody's, so that nobody's limit is used up
MOST_BYTES = 1_000_000
# A transaction that has changed or locked no row has no number yet: far less to ask than for a digest of every row.
WROTE = "SELECT pg_current_xact_id_if_assigned() IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `sent` are the victim's marks that stand in it, and may therefore stand in the answer."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] | None = None

    def sent(self, ground: Ground) -> list[str]:
        """Return the victim's marks that the request itself names."""
        text = f"{self.path} {json.dumps(self.body, default=str)} {dict(self.headers or {})}"
        return ground.told(text)


@dataclass(frozen=True, slots=True)
class Answered:
    """Status, everything that was said, and whether the victim's rows were changed by it."""

    status: int
    text: str
    headers: Mapping[str, str]
    changed: bool = False


def answer(asked: Asked, ground: Ground, *, authorization: str = "", look: bool = True) -> Answered:
    """Send one request and undo what it did. `look`: tell whether the victim's rows are others than before."""
    aliases = ("default",) if asked.method == "GET" else ("default", "platform")
    with schema_context("public"), undone(*aliases) as connected:
        said = overheard(asked, authorization=authorization)
        now = {_now(ground, one) for one in connected} if look else set()
    return replace(said, changed=bool(now - {ground.checksum}))


def overheard(asked: Asked, *, authorization: str = "") -> Answered:
    """Send one request, and undo nothing: for what keeps no rows, and may close its connections itself."""
    headers = dict(asked.headers or {})
    if authorization:
        headers.setdefault("Authorization", authorization)
    body = b"" if asked.body is None else json.dumps(asked.body, default=str).encode()
    browser = client()
    browser.cookies.clear()
    response: Any = browser.generic(
        asked.method, asked.path, body, content_type="application/json", headers=headers
    )
    told = {name: str(value) for name, value in response.headers.items()}
    return Answered(response.status_code, _whole(response), told)


def _now(ground: Ground, connection: Any) -> str:
    """Return the victim's checksum as this transaction sees it, also where an error answer has given it up."""
    if connection.connection is None or connection.connection.info.transaction_status.name != "INTRANS":
        return ground.checksum  # nothing of it will ever be stored
    transaction.set_rollback(False, using=connection.alias)
    with connection.cursor() as cursor:
        cursor.execute(WROTE)
        wrote = cursor.fetchone()[0]
    return checksum(ground, using=connection) if wrote else ground.checksum


@contextmanager
def undone(*aliases: str) -> Iterator[list[Any]]:
    """Roll back what these logins do until the block ends; yield their connections."""
    with ExitStack() as stack:
        for alias in aliases:
            stack.enter_context(transaction.atomic(using=alias))
        try:
            yield [connections[alias] for alias in aliases]
        finally:
            for alias in aliases:
                transaction.set_rollback(True, using=alias)


@cache
def client() -> Client:
    """Return the one client: loading the middleware takes far longer than a request."""
    return Client(raise_request_exception=False, SERVER_NAME=_host(), REMOTE_ADDR=ADDRESS)


def _whole(response: Any) -> str:
    """Return what was said. The client closes the answer itself, in a way that leaves our transaction open."""
    if not response.streaming:
        return bytes(response.content).decode(errors="replace")
    taken = b""
    for part in response.streaming_content:
        taken += part
        if len(taken) > MOST_BYTES:
            break
    return taken.decode(errors="replace")


def _host() -> str:
    return next(
        (host for host in settings.ALLOWED_HOSTS if not host.startswith(("*", ".", "["))), "localhost"
    )
