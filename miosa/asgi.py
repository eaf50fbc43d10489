"""ASGI entry: the gateway's own application for `/v1/*`, streams in coroutines, everything else in WSGI threads.

Django's synchronous views cost several times more under its own ASGI handler (a thread hop and a task
per middleware change) than under WSGI, so REST and admin keep WSGI, in the same process and port.
"""

import asyncio
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from django.conf import settings

from miosa.wsgi import application as django_application

# isort: split
# Only now are the apps ready to be imported.
from agents.admin import live_feed
from agents.api.events import FEED as EXECUTIONS
from agents.registry_kinds import PROFILES
from deployments.api.events import FEED as DEPLOYMENTS
from deployments.api.transfers import MOST_UPLOAD, UPLOADED
from miosa.environment import environment
from miosa.http.limits import BodyLimits, limited
from miosa.http.uploads import Uploads
from miosa.protocols.a2a_server import PATHS as A2A
from miosa.protocols.a2a_server import A2aDoor
from miosa.protocols.mcp_server import PATH as MCP
from miosa.protocols.mcp_server import McpDoor
from miosa.protocols.own_site import by_our_name, from_our_pages, origins_of
from miosa.protocols.within import Within
from routing import board
from routing.front_door import application as front_door
from tenants.event_feed import Feed, door
from tenants.throttling.overrun import refusing_overrun

THREADS = 16
FEEDS = (EXECUTIONS, DEPLOYMENTS)

_django: Any = WSGIMiddleware(cast(Any, django_application), workers=THREADS)


async def _routed(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Send each request through its door."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        feed = _feed(scope)
        if feed:
            await door(feed, scope, receive, send)
        elif scope["method"] == "GET" and live_feed.PATH.match(scope["path"]):
            await live_feed.door(scope, receive, send)
        elif scope["path"] == MCP:
            await _to_mcp(scope, receive, send)
        elif scope["path"] in A2A:
            await _to_a2a(scope, receive, send)
        else:
            await _in_wsgi(scope, receive, send)


def _feed(scope: dict[str, Any]) -> Feed | None:
    """Return the stream a request asks for."""
    if scope["method"] != "GET":
        return None
    return next((feed for feed in FEEDS if feed.path.match(scope["path"])), None)


_mcp = McpDoor(Within(_routed))
_skills = {kind: profile.purpose for kind, profile in PROFILES.items()}
_hosts = environment().allowed_hosts
_origins = origins_of(environment().public_url, settings.CSRF_TRUSTED_ORIGINS)
_to_mcp = by_our_name(from_our_pages(_mcp, _hosts, _origins), _hosts)
_to_a2a = by_our_name(A2aDoor(Within(_routed), _skills, environment().public_url), _hosts)
_limits = BodyLimits(timeout_s=environment().body_timeout_s)
_others = refusing_overrun(limited(_routed, _limits, Uploads(UPLOADED, MOST_UPLOAD)))


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Send a request of the gateway through its front door, which has limits of its own, and all else to the rest."""
    if scope["type"] == "http" and scope["path"].startswith(front_door.PREFIXES):
        await front_door.front_door(scope, receive, send)
    else:
        await _others(scope, receive, send)


async def _in_wsgi(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Hand granian's awaitables on as coroutines, which is what a2wsgi schedules from its threads."""

    async def receiving() -> Any:
        return await receive()

    async def sending(message: Any) -> None:
        await send(message)

    # WSGI writes `-` and `_` alike: a header with `_` could pass for another, say X_Forwarded_For.
    headers = [header for header in scope["headers"] if b"_" not in header[0]]
    await _django(scope | {"headers": headers}, receiving, sending)


async def _lifespan(receive: Any, send: Any) -> None:
    async with _mcp.run():
        await _lived(receive, send)


async def _lived(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            board.listener.begin()
            front_door.begin()
        else:
            await front_door.end()
            await asyncio.to_thread(board.listener.end)
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
