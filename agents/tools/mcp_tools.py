"""The tools of MCP servers as tools like any other, named `mcp__server__tool`."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agents.contract.tools import Effect, Returned
from agents.tools.contract import Hands, Tool, ToolRefused
from agents.tools.mcp_client import ODD, Definition, McpFailed, Place, call, definitions

PREFIX = "mcp__"
MOST_NAME = 64  # what the providers' wires take
Changed = Callable[[str], None]


def tool_of(
    server: str, place: Place, pinned: Definition, *, reads_freely: bool, changed: Changed | None = None
) -> Tool:
    """Return one of a server's tools. `changed` is told where its definition is another than the pinned one."""

    def run(arguments: Mapping[str, Any], hands: Hands) -> Returned:
        try:
            if changed and (why := _difference(place, pinned)):
                changed(why)
                raise ToolRefused(why)
            called = call(place, pinned.name, arguments, key=hands.key)
        except McpFailed as error:
            raise ToolRefused(f"The MCP server {server} could not do it: {error}") from error
        return Returned(
            called.text,
            ok=called.ok,
            origin=f"the MCP server {server}, tool {pinned.name}",
            data=called.structured,
        )

    effect = Effect.READS if reads_freely and pinned.reads else Effect.SENDS
    return Tool(name_of(server, pinned.name), pinned.description[:1_000], pinned.parameters, run, effect)


def name_of(server: str, tool: str) -> str:
    """Return the name under which a server's tool is offered; one that is too long ends in a piece of its hash."""
    name = f"{PREFIX}{ODD.sub('_', server)}__{ODD.sub('_', tool)}"
    if len(name) <= MOST_NAME:
        return name
    return f"{name[: MOST_NAME - 9]}_{hashlib.sha256(f'{server} {tool}'.encode()).hexdigest()[:8]}"


def _difference(place: Place, pinned: Definition) -> str:
    """Return what is no longer as it was pinned, "" where nothing is."""
    now = _by_name(definitions(place)).get(pinned.name)
    if now == pinned:
        return ""
    what = "is gone" if now is None else "is described otherwise than when it was last looked at"
    return f"The tool {pinned.name} {what}: look at the server's tools anew before they are used."


def _by_name(tools: Iterable[Definition]) -> dict[str, Definition]:
    return {one.name: one for one in tools}
