"""Ask the tenant's own data in SQL: a few tables, read only, within a time and a number of rows."""

import json
from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, connection, transaction

from agents.contract.tools import Returned
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from agents.tools.sql_check import QuestionRefused, question

MOST_ROWS, MOST_MS = 200, 5_000
# What may be asked, by the names it is asked under: the real table and its columns.
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "executions": (
        "agents_execution",
        ("id", "request", "mode", "state", "cause", "plan_source", "confidence", "cost_micros", "error", "created",
         "started", "finished"),
    ),
    "steps": (
        "agents_step",
        ("id", "execution_id", "key", "agent", "purpose", "state", "success", "confidence", "execution_ms", "model",
         "calls", "tokens", "cost_micros", "errors", "error", "prompt_version", "created", "started", "finished"),
    ),
    "lessons": ("agents_lesson", ("id", "step_id", "agent", "confidence", "state", "cause", "proposal", "created")),
    "tool_uses": (
        "agents_tooluse",
        ("id", "execution_id", "step_id", "tool", "effect", "state", "took_ms", "created", "finished"),
    ),
    "model_calls": (
        "routing_modelcall",
        ("id", "decision_id", "model", "provider", "status", "input_tokens", "output_tokens", "cost_micros",
         "latency_ms", "winner", "created"),
    ),
    "ledger": ("billing_ledgerentry", ("id", "meter", "quantity", "cost_micros", "description", "created")),
    "deployments": (
        "deployments_deployment",
        ("id", "service_id", "release_id", "state", "kind", "strategy", "reason", "created"),
    ),
}  # fmt: skip
COLUMNS = {name: columns for name, (_, columns) in TABLES.items()}


def _ask(arguments: Mapping[str, Any], _hands: Hands) -> Returned:
    try:
        asked = question(arguments["sql"], COLUMNS)
    except QuestionRefused as error:
        raise ToolRefused(str(error)) from error
    try:
        names, rows = _rows(asked)
    except DatabaseError as error:
        raise ToolRefused(f"The database says: {str(error).strip().splitlines()[0][:300]}") from error
    found = [dict(zip(names, row, strict=True)) for row in rows[:MOST_ROWS]]
    more = len(rows) > MOST_ROWS
    text = "\n".join(json.dumps(row, default=str, ensure_ascii=False) for row in found)
    told = f"{len(found)} rows{', the first of more' if more else ''}\n{text}"
    return Returned(told, origin="the tenant's own records", data={"rows": len(found), "more": more})


def _rows(asked: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Ask as a transaction that cannot write and does not last; Row Level Security holds as everywhere."""
    offered = ", ".join(
        f"{name} AS NOT MATERIALIZED (SELECT {', '.join(columns)} FROM {table})"
        for name, (table, columns) in TABLES.items()
    )
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {MOST_MS}")
        cursor.execute("SET LOCAL transaction_read_only = on")
        cursor.execute(f"WITH {offered} SELECT * FROM ({asked}) AS asked LIMIT {MOST_ROWS + 1}")
        return [column.name for column in cursor.description], cursor.fetchall()


def _described() -> str:
    return "; ".join(f"{name}({', '.join(columns)})" for name, columns in COLUMNS.items())


TOOLS = (
    Tool(
        "query_data",
        f"Ask this tenant's own records with one SELECT in PostgreSQL's SQL. Costs are in micro-dollars. Tables: {_described()}",
        parameters(("sql",), sql={"type": "string", "minLength": 8, "maxLength": 10_000}),
        _ask,
        timeout_s=MOST_MS / 1000,
    ),
)
