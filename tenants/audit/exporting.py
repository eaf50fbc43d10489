"""The log as text for other tools: a line of JSON, or a row of CSV, for each entry."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from tenants.models.audit_entry import AuditFact

COLUMNS = (
    "number", "created", "actor", "action", "object_type", "object_id", "before", "after", "request_id", "address",
    "id", "previous", "digest",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def facts_of(entry: AuditFact) -> dict[str, Any]:
    """Return every column as JSON can say it; both digests in hexadecimal, so that a copy can be checked."""
    return {
        "number": entry.number,
        "id": str(entry.pk),
        "created": entry.created.isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "before": entry.before,
        "after": entry.after,
        "request_id": entry.request_id,
        "address": entry.address,
        "previous": bytes(entry.previous).hex(),
        "digest": bytes(entry.digest).hex(),
    }


def json_lines(entries: Iterable[AuditFact]) -> Iterator[str]:
    """Yield a line of JSON for each entry."""
    for entry in entries:
        yield json.dumps(facts_of(entry), ensure_ascii=False) + "\n"


def csv_lines(entries: Iterable[AuditFact]) -> Iterator[str]:
    """Yield a heading and a row for each entry; `before` and `after` are JSON."""
    yield _row(COLUMNS)
    for entry in entries:
        facts = facts_of(entry)
        yield _row([_cell(facts[name]) for name in COLUMNS])


FORMATS = {"jsonl": json_lines, "csv": csv_lines}


def _cell(value: Any) -> str:
    text = (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict)
        else str("" if value is None else value)
    )
    return f"'{text}" if text.startswith(FORMULA) else text


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
