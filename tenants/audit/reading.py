"""Reading one's own log: what a query asks for, and a stream that stays inside the tenant."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from miosa.http.problem import BadParameter
from tenants.audit.exporting import json_lines
from tenants.audit.verification import entries_of
from tenants.task_scope import task_scope

EXACT = {"actor": 60, "action": 60, "object_type": 40, "object_id": 80}  # query parameter: most characters
MOMENTS = {"since": "created__gte", "until": "created__lt"}
CHUNK = 200  # entries


def filters_of(query: Mapping[str, str]) -> dict[str, Any]:
    """Return the filters that query parameters name. Raises BadParameter."""
    exact = {name: _text(name, query[name], most) for name, most in EXACT.items() if name in query}
    return exact | {column: _moment(name, query[name]) for name, column in MOMENTS.items() if name in query}


def streamed(tenant_id: UUID, wanted: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield a tenant's entries as JSON lines.

    A body is sent after the middleware has left the tenant: each piece is read inside it again, and nothing is held
    between two pieces, however slowly they are taken.
    """
    lines = json_lines(entries_of(tenant_id, alias="default", **wanted))
    while True:
        with task_scope(tenant_id):
            chunk = "".join(islice(lines, CHUNK))
        if not chunk:
            return
        yield chunk.encode()


def _text(name: str, value: str, most: int) -> str:
    if not value.isprintable() or not 0 < len(value) <= most:
        raise BadParameter(f"{name} is up to {most} printable characters.", parameter=name)
    return value


def _moment(name: str, value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        told = f"{name} is a moment as in 2026-01-31T12:00:00Z (in an address, write a plus sign as %2B)."
        raise BadParameter(told, parameter=name) from None
