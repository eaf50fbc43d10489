"""Rows as lines of JSON that come back exactly as they were.

Every value is the text PostgreSQL itself writes for it, or null: a decimal keeps its zeros, a time its microseconds,
a vector its last bit, and JSON's own null stays apart from an empty column. A row is an object with its columns in
order, and rows come in the order of their ids: the same rows give the same bytes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg import Connection, sql

from tenants.archive.tables import Table

ROWS_AT_ONCE = 200
# How values are written as text depends on these: set for the transaction, whatever the server's defaults are.
SPELLING = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}


@dataclass(slots=True)
class Tally:
    """What the manifest says of a file: rows, size in bytes and SHA-256."""

    rows: int = 0
    size: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, line: bytes) -> None:
        """Count one line, with its newline."""
        self.rows += 1
        self.size += len(line)
        self.hash.update(line)

    @property
    def sha256(self) -> str:
        """Hexadecimal."""
        return str(self.hash.hexdigest())


def spell(connection: Connection) -> None:
    """Make this transaction write values the way archives hold them."""
    for name, value in SPELLING.items():
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])


def lines(connection: Connection, table: Table, tenant_id: UUID) -> Iterator[bytes]:
    """Yield the tenant's rows of a table, each with its newline, a few at a time through a cursor of the server."""
    columns = sql.SQL(", ").join(
        sql.SQL("t.{0}::text AS {0}").format(sql.Identifier(name)) for name in table.columns
    )
    query = sql.SQL("SELECT row_to_json(r)::text FROM (SELECT {} FROM {} t WHERE {} ORDER BY t.id) r").format(
        columns, sql.Identifier(table.name), sql.SQL(table.owner)
    )
    with connection.cursor(name="archive_rows") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(query, {"tenant": tenant_id})
        for (row,) in cursor:
            yield f"{row}\n".encode()
