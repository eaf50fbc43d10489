"""Ask the tenant's own data in SQL: a few tables, read only, within a time and a number of rows."""

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError

from agents.contract.tools import Returned
from agents.offered import COLUMNS, TABLES
from agents.tools.contract import Hands, Replays, Tool, ToolRefused, parameters
from agents.tools.sql_check import QuestionRefused, question
from miosa.pg import reader

MOST_ROWS, MOST_MS = 200, 5_000


def _ask(arguments: Mapping[str, Any], _hands: Hands) -> Returned:
    try:
        asked = question(arguments["sql"], COLUMNS)
    except QuestionRefused as error:
        raise ToolRefused(str(error)) from error
    try:
        rows = reader.ask(_wrapped(asked), within_ms=MOST_MS)
    except DatabaseError as error:
        raise ToolRefused(f"The database says: {str(error).strip().splitlines()[0][:300]}") from error
    found, more = rows[:MOST_ROWS], len(rows) > MOST_ROWS
    told = "\n".join([f"{len(found)} rows{', the first of more' if more else ''}", *found])
    return Returned(told, origin="the tenant's own records", data={"rows": len(found), "more": more})


def _wrapped(asked: str) -> str:
    """Return the question with the tables under their names, one JSON object a row, and an end."""
    offered = ", ".join(
        f"{name} AS NOT MATERIALIZED (SELECT {', '.join(columns)} FROM {table})"
        for name, (table, columns) in TABLES.items()
    )
    return f"WITH {offered} SELECT row_to_json(asked.*)::text FROM ({asked}) AS asked LIMIT {MOST_ROWS + 1}"


def _described() -> str:
    return "; ".join(f"{name}({', '.join(columns)})" for name, columns in COLUMNS.items())


TOOLS = (
    Tool(
        "query_data",
        f"Ask this tenant's own records with one SELECT in PostgreSQL's SQL. Costs are in micro-dollars. Tables: {_described()}",
        parameters(("sql",), sql={"type": "string", "minLength": 8, "maxLength": 10_000}),
        _ask,
        replays=Replays.LOOKS,
        timeout_s=MOST_MS / 1000,
    ),
)
