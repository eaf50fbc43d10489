"""A tenant's boxes as pages, filtered as the SDK asks; values in, values out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.representation import RUNNING, listed
from deployments.sandboxes.server.rooms import Room

MOST_ITEMS = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some boxes, and the token of what comes after them; empty at the end."""

    items: list[dict[str, Any]]
    next_token: str


def page(rooms: Sequence[Room], query: Mapping[str, str]) -> Page:
    """Return one page of the boxes (given newest first) that the query means. Raise Refusal."""
    found = [room for room in rooms if _fits(room, query)]
    if query.get("order") == "asc":
        found.reverse()
    limit, after = _limit(query.get("limit", "")), query.get("nextToken", "")
    if after:
        asc = query.get("order") == "asc"
        found = [room for room in found if (_place(room) > after if asc else _place(room) < after)]
    shown = found[:limit]
    return Page([listed(room) for room in shown], _place(shown[-1]) if len(found) > limit else "")


def left_s(room: Room) -> float:
    """Return how long a box will live if nobody asks for more."""
    return (room.ends_at - datetime.now(UTC)).total_seconds()


def _place(room: Room) -> str:
    """Where a box stands in the order; it keeps its place when others end."""
    return f"{room.started_at.timestamp():017.6f}{room.sandbox_id}"


def _fits(room: Room, query: Mapping[str, str]) -> bool:
    states = [state for state in query.get("state", "").split(",") if state]
    wanted = {unquote(name): unquote(value) for name, value in parse_qsl(query.get("metadata", ""))}
    return (
        (not states or RUNNING in states)
        and all(room.wanted.metadata.get(name) == value for name, value in wanted.items())
        and query.get("template", room.wanted.template) == room.wanted.template
        and room.started_at >= _since(query.get("startedAfter", ""))
    )


def _since(text: str) -> datetime:
    if not text:
        return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, "`startedAfter` is a moment in ISO 8601.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _limit(text: str) -> int:
    if not text:
        return MOST_ITEMS
    if not text.isdecimal() or not 1 <= int(text) <= MOST_ITEMS:
        raise Refusal(400, f"`limit` is a number from 1 to {MOST_ITEMS}.")
    return int(text)
