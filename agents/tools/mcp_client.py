"""Talk to a server of tools over the Model Context Protocol: list its tools, call one. By the official SDK.

Each visit is a connection of its own, so nothing of one tenant lasts until another's. Addresses are a tenant's choice
and go through the guarded transport; programs (stdio) are the operator's alone.
"""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import uuid4

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from miosa.embedded.processes import end_marked
from miosa.http.guarded.second_client import open_second_client
from miosa.http.guarded.transport import operators_rules

MOST_S = 60.0
MOST_TOOLS = 100
MOST_NAME, MOST_DESCRIPTION = (
    128,
    4_000,
)  # characters of a tool's name, as the protocol has it, and of what it is for
MOST_STRUCTURED = 200_000  # characters of JSON: of a tool's schema, and of what is structured in an answer
KEY = "miosa/idempotency-key"
VISIT = "MIOSA_MCP_VISIT"  # in the environment of a program and of whatever it starts
ODD = re.compile(r"[^A-Za-z0-9_-]")  # what the providers' wires do not take in a name
Found = TypeVar("Found")


class McpFailed(Exception):  # noqa: N818  it reads as what happened
    """The server did not answer, or not as the protocol wants; the message says how, for whoever chose it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is: an address with the value of its Authorization header, or a program with its arguments."""

    url: str = ""
    authorization: str = ""
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()

    def __repr__(self) -> str:
        return f"<{self.url or self.command[0]}>"


@dataclass(frozen=True, slots=True)
class Definition:
    """One tool as its server describes it. `reads`: the server says that it changes nothing."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    reads: bool


@dataclass(frozen=True, slots=True)
class Called:
    """What a call returned: its texts, what is structured, and whether the server calls it an error."""

    text: str
    structured: Mapping[str, Any]
    ok: bool


def definitions(place: Place, *, timeout_s: float = MOST_S) -> tuple[Definition, ...]:
    """Return the tools that a server offers now. Raises McpFailed."""

    async def visit(client: Client) -> tuple[Definition, ...]:
        found: list[Definition] = []
        cursor: str | None = None
        while len(found) < MOST_TOOLS:
            page = await client.list_tools(cursor=cursor)
            found += map(_definition, page.tools)
            cursor = page.next_cursor
            if not cursor:
                break
        return _taken(found)[:MOST_TOOLS]

    return _visited(place, visit, timeout_s)


def call(
    place: Place, name: str, arguments: Mapping[str, Any], *, key: str = "", timeout_s: float = MOST_S
) -> Called:
    """Have a server use one of its tools. Raises McpFailed.

    `key` goes along as `_meta`: a server that knows it does the same use once, however often it is called.
    """

    async def visit(client: Client) -> Called:
        meta: Any = {KEY: key} if key else None
        result = await client.call_tool(name, dict(arguments), read_timeout_seconds=timeout_s, meta=meta)
        text = "\n".join(_text(block) for block in result.content)
        structured = result.structured_content
        fits = isinstance(structured, dict) and len(json.dumps(structured)) <= MOST_STRUCTURED
        return Called(text, structured if fits else {}, not result.is_error)

    return _visited(place, visit, timeout_s)


def _visited(place: Place, visit: Callable[[Client], Awaitable[Found]], timeout_s: float) -> Found:
    async def whole() -> Found:
        with anyio.fail_after(timeout_s):
            async with _connected(place, timeout_s) as client:
                return await visit(client)

    try:
        return anyio.run(whole)
    except TimeoutError as error:
        raise McpFailed(f"it did not answer within {timeout_s:g} s") from error
    except (MCPError, httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
        raise McpFailed(_told(error)) from error
    except BaseExceptionGroup as group:
        raise McpFailed(_told(_first(group))) from group


@asynccontextmanager
async def _connected(place: Place, timeout_s: float) -> AsyncIterator[Client]:
    if place.command:
        program, *arguments = place.command
        visit = uuid4().hex
        environ = {**dict(place.environment), VISIT: visit}
        served = StdioServerParameters(command=program, args=arguments, env=environ)
        try:
            async with Client(served, read_timeout_seconds=timeout_s) as client:
                yield client
        finally:
            end_marked(VISIT, visit)
        return
    headers = {"Authorization": place.authorization} if place.authorization else {}
    rules = replace(operators_rules(), total_s=timeout_s, read_s=timeout_s)
    async with open_second_client(rules, headers=headers) as http:
        transport = streamable_http_client(place.url, http_client=http)
        async with Client(transport, read_timeout_seconds=timeout_s) as client:
            yield client


def _definition(tool: Any) -> Definition:
    hints = tool.annotations
    reads = bool(hints and hints.read_only_hint)
    return Definition(tool.name, (tool.description or "")[:MOST_DESCRIPTION], dict(tool.input_schema), reads)


def _taken(found: Iterable[Definition]) -> tuple[Definition, ...]:
    """Return those that can be offered: with a name that can be shown and a schema of some size, the first of each name."""
    fits = [
        one
        for one in found
        if 0 < len(one.name) <= MOST_NAME
        and one.name.isprintable()
        and len(json.dumps(one.parameters)) <= MOST_STRUCTURED
    ]
    return tuple({ODD.sub("_", one.name): one for one in reversed(fits)}.values())[::-1]


def _text(block: Any) -> str:
    """Return a block in words: its text, or what it is and how large."""
    if block.type == "text":
        return str(block.text)
    if block.type == "resource" and hasattr(block.resource, "text"):
        return str(block.resource.text)
    told = block.model_dump(mode="json", exclude={"data": True, "resource": {"blob"}}, exclude_none=True)
    return json.dumps(told, ensure_ascii=False)


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    """Return the first single error of a group; what is no error at all is raised on."""
    inner = group.exceptions[0]
    if isinstance(inner, BaseExceptionGroup):
        return _first(inner)
    if not isinstance(inner, Exception):
        raise inner
    return inner


def _told(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:300]
