"""Events as they happen: the door that is opened before Django sees the request."""

import asyncio
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections

from agents.api.events import FEED as EXECUTIONS
from agents.models import Execution
from deployments.api.events import FEED as DEPLOYMENTS
from deployments.models import Deployment
from miosa.doctor.attack import Attack, Found, Ground, Missed
from tenants.event_feed import Feed, door

SURFACE = "streams"
OK, REFUSED = 200, 400
PATIENCE_S = 10


FEEDS = ((EXECUTIONS, Execution), (DEPLOYMENTS, Deployment))


def attacks(ground: Ground) -> Found:
    """Every kind of stream there is."""
    for feed, model in FEEDS:
        yield from _of(feed, model, ground)


def _of(feed: Feed, model: type[Execution | Deployment], ground: Ground) -> Found:
    """The victim's stream by the attacker's credential, by a mixture of both, and from the middle; then by its own."""
    row = ground.victim.rows.get(model)
    path = f"/api/v1/{feed.what}s/{row.pk if row else ''}/events"
    if row is None or not feed.path.match(path):
        yield Missed(SURFACE, path, f"the victim has no {feed.what} to follow, or the door has moved")
        return
    theirs, own = (one.authorization.encode() for one in (ground.victim, ground.attacker))
    key = ground.attacker.credentials["api_key"]
    mixed = f"Bearer {key.replace(ground.attacker.tenant.pk.hex, ground.victim.tenant.pk.hex)}".encode()
    for name, headers in (
        (f"the victim's {feed.what}", [(b"authorization", own)]),
        ("from the middle", [(b"authorization", own), (b"last-event-id", b"0")]),
        ("own key, the victim's tenant in it", [(b"authorization", mixed)]),
        ("two credentials, the own one last", [(b"authorization", b"Basic x"), (b"authorization", own)]),
        (
            "the victim's tenant in a header",
            [(b"authorization", own), (b"x-tenant", ground.victim.tenant.slug.encode())],
        ),
        ("without a credential", []),
    ):
        status, text = asyncio.run(_followed(feed, path, headers))
        told = ground.told(text, sent=[str(row.pk)])
        yield Attack(SURFACE, f"{feed.what}s", name, bool(told) or status < REFUSED, f"answered {status}")
    status, text = asyncio.run(_followed(feed, path, [(b"authorization", theirs)]))
    if status != OK or ground.victim.canary not in text:
        yield Missed(SURFACE, f"{feed.what}s", f"the victim's own credential is answered {status}")


async def _followed(feed: Feed, path: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, str]:
    """Return status and body; the reader goes away at the end, as a client would."""
    said: list[dict[str, Any]] = []
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": headers, "client": ("192.0.2.1", 1)}
    try:
        async with asyncio.timeout(PATIENCE_S):
            await door(feed, scope, receive, send)
    finally:
        gone.set()
        await sync_to_async(connections.close_all, thread_sensitive=False)()
    body = b"".join(message.get("body", b"") for message in said)
    return int(said[0]["status"]), body.decode(errors="replace")
