"""Log lines of a service since a cursor; a line is never given twice, nor lost at the edge of a page."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from deployments.targets.contract import LogLine, LogPage
from deployments.targets.render.client import RenderClient
from deployments.targets.render.failures import Unanswered
from deployments.targets.render.services import Service
from deployments.targets.render.statuses import moment

PAGE = 100
MOST_PAGES = 10
A_MOMENT_S = 0.000_001
MOST_IDS = 500  # of lines in the last moment that a cursor keeps
LOUD = frozenset({"error", "critical", "alert", "emergency", "fatal"})


def since(client: RenderClient, service: Service, cursor: str, *, begun: str) -> LogPage:
    """Return the lines after a cursor; without one, those since `begun` (a time in Render's words)."""
    start, seen = _read(cursor) or (begun, [])
    lines: list[LogLine] = []
    for _ in range(MOST_PAGES):
        asked: dict[str, str | int] = {
            "ownerId": str(service["ownerId"]),
            "resource": str(service["id"]),
            "direction": "forward",
            "limit": PAGE,
            "startTime": start,
            "endTime": _time(client.now()),
        }
        answer = client.get("/logs", asked)
        rows = _rows(answer)
        fresh = [row for row in rows if str(row.get("id", "")) not in seen]
        lines += [_line(row) for row in fresh]
        if fresh:
            start, seen = _after(rows, start, seen)
        if not answer.get("hasMore"):
            break
        if not fresh:  # a page full of one moment: Render has no way to ask for the rest of it
            start, seen = _time((moment(start) or 0.0) + A_MOMENT_S), []
    return LogPage(tuple(lines), _cursor(start, seen) if lines or not cursor else cursor)


def _rows(answer: Any) -> list[Mapping[str, Any]]:
    if not isinstance(answer, dict) or not isinstance(answer.get("logs"), list):
        raise Unanswered("Render's log answer is not understood")
    return [row for row in answer["logs"] if moment(row.get("timestamp")) is not None]


def _after(rows: list[Mapping[str, Any]], start: str, seen: list[str]) -> tuple[str, list[str]]:
    """Return the last moment of some rows, and the ids of every line known in it."""
    last = max(rows, key=lambda row: moment(row["timestamp"]) or 0.0)["timestamp"]
    ids = [str(row.get("id", "")) for row in rows if moment(row["timestamp"]) == moment(last)]
    kept = seen if moment(start) == moment(last) else []
    return str(last), list(dict.fromkeys([*kept, *ids]))[-MOST_IDS:]


def _line(row: Mapping[str, Any]) -> LogLine:
    labels = {str(label.get("name")): str(label.get("value")) for label in row.get("labels") or ()}
    return LogLine(moment(row["timestamp"]) or 0.0, stream_of(labels), str(row.get("message", "")))


def stream_of(labels: Mapping[str, str]) -> str:
    """Return which stream a line's labels put it into: build, out, err or target."""
    if labels.get("type") == "build":
        return "build"
    if labels.get("type") == "request":
        return "target"
    return "err" if labels.get("level", "").lower() in LOUD else "out"


def _cursor(start: str, seen: list[str]) -> str:
    return json.dumps({"from": start, "seen": seen}, separators=(",", ":"))


def _read(cursor: str) -> tuple[str, list[str]] | None:
    try:
        content = json.loads(cursor)
        return str(content["from"]), [str(id_) for id_ in content["seen"]]
    except (ValueError, KeyError, TypeError):
        return None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat().replace("+00:00", "Z")
