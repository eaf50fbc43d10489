"""The MCP servers of tenants, and those of the operator; the only writer of McpServer.

The tools of a tenant's server are pinned: used as they were when somebody last looked at them. A server that changes a
definition, which is how a harmless tool turns into another, is out of use until its tools are looked at anew.
"""

import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from agents.models import McpServer
from agents.tools.mcp_client import Definition, McpFailed, Place, definitions
from miosa.http.problem import Conflict, NotFound, Unprocessable
from tenants import audit, vault

MOST_SERVERS = 20
PLACE = "mcp"
MOST_FAULT = 500
LOOK_AGAIN_S = 60


class McpFileRefused(ValueError):  # noqa: N818  reads as what happened
    """The operator's file of servers cannot be used; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Known:
    """A server with its pinned tools. `reads_freely`: what it calls reading is believed."""

    name: str
    place: Place
    tools: tuple[Definition, ...]
    reads_freely: bool


def add(name: str, url: str, *, actor: str, credential: str = "", reads_freely: bool = False) -> McpServer:
    """Look at a server of the current tenant and write it down with its tools.

    Raises:
        Conflict: the name is taken, or there are too many.
        Unprocessable: the server does not answer, or its secret is not there.
    """
    if name in operators() or McpServer.objects.filter(name=name).exists():
        raise Conflict(f"There is an MCP server {name} already.")
    if McpServer.objects.count() >= MOST_SERVERS:
        raise Conflict(f"A tenant has at most {MOST_SERVERS} MCP servers.")
    row = McpServer(
        name=name, url=url, credential=credential, reads_freely=reads_freely, created_by=actor, tools=[]
    )
    row.tools, row.seen = _as_data(_seen(row)), timezone.now()
    with transaction.atomic():
        row.save()
        _record("mcp_server.added", row, actor)
    return row


def change(row: McpServer, *, actor: str, **values: Any) -> McpServer:
    """Change name, address, credential, `enabled` or `reads_freely`; a new address is looked at first."""
    for name, value in values.items():
        setattr(row, name, value)
    if {"url", "credential"} & set(values):
        row.tools, row.seen, row.fault = _as_data(_seen(row)), timezone.now(), ""
    with transaction.atomic():
        row.save()
        _record("mcp_server.changed", row, actor)
    return row


def look(row: McpServer, *, actor: str) -> McpServer:
    """Take the server's tools as they are now: somebody has seen them."""
    row.tools, row.seen, row.fault = _as_data(_seen(row)), timezone.now(), ""
    with transaction.atomic():
        row.save()
        _record("mcp_server.seen", row, actor)
    return row


def remove(row: McpServer, *, actor: str) -> None:
    """Forget a server; its tools are gone with it."""
    with transaction.atomic():
        _record("mcp_server.removed", row, actor)
        McpServer.objects.filter(pk=row.pk).delete()


def out_of_use(name: str, why: str) -> None:
    """Note that a tenant's server changed its tools: nobody uses it before somebody looks."""
    McpServer.objects.filter(name=name).update(fault=why[:MOST_FAULT])


def listed() -> QuerySet[McpServer]:
    """Return the current tenant's servers, by name."""
    rows: QuerySet[McpServer] = McpServer.objects.order_by("name")
    return rows


def one(server_id: Any) -> McpServer:
    """Return one of the current tenant's servers; raises NotFound."""
    row: McpServer | None = McpServer.objects.filter(pk=server_id).first()
    if row is None:
        raise NotFound("There is no such MCP server.")
    return row


def known() -> list[Known]:
    """Return the servers whose tools may be used now: the operator's, and the tenant's that are in order."""
    theirs = operators()
    own = [
        Known(row.name, place_of(row), _from_data(row.tools), row.reads_freely)
        for row in listed()
        if row.enabled and not row.fault and row.name not in theirs
    ]
    return [*operators_known(), *own]


def place_of(row: McpServer) -> Place:
    """Return where a tenant's server is, with its secret. Raises Unprocessable where the secret is missing."""
    if not row.credential:
        return Place(row.url)
    secret = vault.read(f"{PLACE}/{row.credential}")
    if secret is None:
        raise Unprocessable(f"There is no secret {PLACE}/{row.credential}: store it under that name first.")
    return Place(row.url, secret.decode(errors="replace").strip())


def operators() -> dict[str, Place]:
    """Return the operator's servers by name, from MIOSA_MCP_FILE. Raises McpFileRefused."""
    path = settings.ENVIRONMENT.mcp_file
    return _read(path, Path(path).stat().st_mtime) if path else {}


def operators_known() -> list[Known]:
    """Return the operator's servers with their tools; one that does not answer has none for a while."""
    while_s = int(time.monotonic() // LOOK_AGAIN_S)
    listed_tools = [(name, place, _tools_of(place, while_s)) for name, place in operators().items()]
    return [Known(name, place, tools, reads_freely=True) for name, place, tools in listed_tools if tools]


@lru_cache(maxsize=4)
def _read(path: str, changed: float) -> dict[str, Place]:
    del changed  # a file that changes is read anew
    try:
        listed = tomllib.loads(Path(path).read_text()).get("servers", {})
        return {name: _place(name, one) for name, one in listed.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise McpFileRefused(f"MIOSA_MCP_FILE cannot be read: {error}") from error


def _place(name: str, told: dict[str, Any]) -> Place:
    command, url = told.get("command", []), told.get("url", "")
    if bool(command) == bool(url) or not all(isinstance(part, str) for part in command):
        raise McpFileRefused(f"server {name}: give either `url` or `command`, a list of texts")
    return Place(
        url, told.get("authorization", ""), tuple(command), tuple(told.get("environment", {}).items())
    )


@lru_cache(maxsize=64)
def _tools_of(place: Place, while_s: int) -> tuple[Definition, ...]:
    del while_s  # a server that starts late, or has other tools by now, is asked anew
    try:
        return definitions(place)
    except McpFailed:
        return ()


def _seen(row: McpServer) -> tuple[Definition, ...]:
    try:
        return definitions(place_of(row))
    except McpFailed as error:
        raise Unprocessable(f"The MCP server {row.name} cannot be used: {error}") from error


def _as_data(tools: Sequence[Definition]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "description": one.description,
            "parameters": dict(one.parameters),
            "reads": one.reads,
        }
        for one in tools
    ]


def _from_data(rows: Sequence[dict[str, Any]]) -> tuple[Definition, ...]:
    return tuple(Definition(one["name"], one["description"], one["parameters"], one["reads"]) for one in rows)


def _record(action: str, row: McpServer, actor: str) -> None:
    after = {"name": row.name, "url": row.url, "enabled": row.enabled, "reads_freely": row.reads_freely}
    tools = [one["name"] for one in row.tools]
    audit.record(
        action, actor=actor, object_type="mcpserver", object_id=row.pk, after=after | {"tools": tools}
    )
