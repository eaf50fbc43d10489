"""Rows of one table in one statement whose cost is the server's: they go over as one JSON document.

`bulk_create` builds its statement anew each time, hands PostgreSQL an array for each column, and quotes what stands in each:
that is most of what an INSERT costs here. This is for rows by the thousand and for what every step writes; everything else
uses the ORM.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import orjson
from django.db import connection, models
from django.db.models import GeneratedField

AS_GIVEN: Mapping[str, str] = MappingProxyType({})
Fields = tuple["models.Field[Any, Any]", ...]


def insert_new(rows: Sequence[models.Model]) -> None:
    """Store rows of one model; those whose id or other unique values are there already are left as they are."""
    _insert(rows, AS_GIVEN, " ON CONFLICT DO NOTHING")


def insert(rows: Sequence[models.Model], *, computed: Mapping[str, str] = AS_GIVEN) -> None:
    """Store new rows of one model. `computed`: SQL by column that stands for the value, and may name other columns.

    Raises IntegrityError where one is there already.
    """
    _insert(rows, computed, "")


def _insert(rows: Sequence[models.Model], computed: Mapping[str, str], beyond: str) -> None:
    if not rows:
        return
    fields, statement = _statement(type(rows[0]), tuple(computed.items()))
    documents = [{str(field.column): _value(field, row) for field in fields} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement + beyond, [_json(documents)])


@lru_cache(maxsize=64)
def _statement(model: type[models.Model], computed: tuple[tuple[str, str], ...]) -> tuple[Fields, str]:
    """Return the fields that are handed over, and the statement that stores them and those that are computed."""
    quote = connection.ops.quote_name
    fields = tuple(
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, GeneratedField) and field.column not in dict(computed)
    )
    given = {quote(str(field.column)): field.db_type(connection) or "text" for field in fields}
    made = {quote(column): sql for column, sql in computed}
    return fields, (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join([*given, *made])}) "
        f"SELECT {', '.join([*given, *made.values()])} FROM jsonb_to_recordset(%s::jsonb) AS given "
        f"({', '.join(f'{name} {typed}' for name, typed in given.items())})"
    )


def _json(documents: list[dict[str, Any]]) -> str:
    try:
        return orjson.dumps(documents).decode()
    except TypeError:  # a number of more than 64 bits, or documents in documents some hundred deep
        return json.dumps(documents, default=str)


def _value(field: "models.Field[Any, Any]", row: models.Model) -> Any:
    value = field.pre_save(row, add=True)
    return value.isoformat() if isinstance(value, datetime) else value
