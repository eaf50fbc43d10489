"""Many rows of one table in one statement whose cost is the server's: they go over as one JSON document.

`bulk_create` hands PostgreSQL an array for each column, and quotes what stands in each: with documents among the columns
that is most of what an INSERT costs here. This is for rows by the thousand; everything else uses the ORM.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, models

INSERT = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS given ({typed})"
)


def insert_new(rows: Sequence[models.Model]) -> None:
    """Store rows of one model; those whose id or other unique values are there already are left as they are."""
    if not rows:
        return
    fields = rows[0]._meta.concrete_fields
    documents = [{str(field.column): _value(field, row) for field in fields} for row in rows]
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    statement = INSERT.format(
        table=quote(rows[0]._meta.db_table),
        columns=", ".join(columns),
        typed=", ".join(
            f"{name} {field.db_type(connection) or 'text'}"
            for name, field in zip(columns, fields, strict=True)
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ON CONFLICT DO NOTHING", [orjson.dumps(documents).decode()])


def _value(field: "models.Field[Any, Any]", row: models.Model) -> Any:
    value = field.pre_save(row, add=True)
    return value.isoformat() if isinstance(value, datetime) else value
