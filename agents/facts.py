"""What agents may know of the platform: the current tenant's own facts, read only, under the names of the contract."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import connection

from agents import registry
from billing.models import LedgerEntry
from routing import insight

RECENT = 50
# What is told of an execution: not its result, which may be long.
TOLD = ("id", "state", "request", "confidence", "cost_micros", "error", "created", "started", "finished")
RECENT_EXECUTIONS = f"SELECT {', '.join(TOLD)} FROM agents_execution ORDER BY created DESC LIMIT %s"


def facts(name: str, **filters: Any) -> list[dict[str, Any]]:
    """Return rows of one kind of fact, those whose members equal `filters`; raises KeyError for an unknown name."""
    rows = SOURCES[name]()
    return [row for row in rows if all(row.get(key) == value for key, value in filters.items())]


def _health() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    providers = [
        {"name": f"provider {one.name}", "ok": True, "detail": one.detail}
        for one in insight.providers()
        if one.available  # one that nobody set up is not ill
    ]
    return [{"name": "database", "ok": True, "detail": f"PostgreSQL {version}"}, *providers]


def _recent_executions() -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(RECENT_EXECUTIONS, [RECENT])
        return [_execution(dict(zip(TOLD, row, strict=True))) for row in cursor]


def _execution(row: Mapping[str, Any]) -> dict[str, Any]:
    took = row["finished"] - row["started"] if row["finished"] and row["started"] else None
    return {
        "id": str(row["id"]),
        "status": row["state"],
        "request": row["request"],
        "confidence": None if row["confidence"] is None else float(row["confidence"]),
        "execution_ms": None if took is None else int(took.total_seconds() * 1000),
        "cost_micros": row["cost_micros"],
        "error": row["error"],
        "created_at": row["created"].isoformat(),
    }


def _agent_performance() -> list[dict[str, Any]]:
    return [
        {
            "agent": one.agent,
            "of_last": registry.LAST,
            "total": one.total,
            "successful": one.successful,
            "failed": one.failed,
            "mean_confidence": one.mean_confidence,
            "mean_ms": one.mean_ms,
        }
        for one in registry.standings().values()
    ]


def _ledger() -> list[dict[str, Any]]:
    return [
        {
            "meter": row.meter,
            "quantity": row.quantity,
            "cost_micros": row.cost_micros,
            "description": row.description,
            "occurred_at": row.created.isoformat(),
        }
        for row in LedgerEntry.objects.order_by("-created")[:RECENT]
    ]


SOURCES: Mapping[str, Callable[[], list[dict[str, Any]]]] = {
    "health": _health,
    "recent_executions": _recent_executions,
    "agent_performance": _agent_performance,
    "model_performance": insight.model_performance,
    "ledger": _ledger,
}
