"""The rows of one tenant in one table: measured, copied to another schema, and deleted where they were.

All of it in SQL that names both schemas, as the owner, who sees the rows of the tenant it has entered.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

COLUMNS = """
SELECT quote_ident(attname) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attname"""
# Locked first: what a job of the platform is changing is copied as it will be, and changed nowhere meanwhile.
COPY = """
WITH locked AS (SELECT {columns} FROM {source} WHERE tenant_id = %(tenant)s ORDER BY id FOR UPDATE)
INSERT INTO {target} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM locked{already}"""
MEASURE = """
SELECT count(*), coalesce(sum(hashtextextended(ROW({columns})::text, 0)), 0) FROM {place} s WHERE tenant_id = %(tenant)s"""
COPIED = " AND EXISTS (SELECT FROM {other} t WHERE t.tenant_id = s.tenant_id AND t.id = s.id)"
DELETE = """
DELETE FROM {source} s USING {target} t WHERE s.tenant_id = %(tenant)s AND t.tenant_id = %(tenant)s AND t.id = s.id
  AND ROW({columns_of_s})::text = ROW({columns_of_t})::text"""


@dataclass(frozen=True, slots=True)
class Measure:
    """How many rows, and a checksum of all their columns that does not depend on their order."""

    rows: int
    checksum: int

    def __str__(self) -> str:
        return f"{self.rows} rows, checksum {self.checksum % 2**64:016x}"


@dataclass(frozen=True, slots=True)
class Way:
    """One table of one tenant, and the two schemas it is in."""

    table: str
    tenant_id: UUID
    source: str
    target: str

    def copy(self, cursor: Any, *, again: bool = False) -> int:
        """Lock the rows at the source and copy them; `again` leaves out what is there already. Return how many."""
        already = " ON CONFLICT DO NOTHING" if again else ""
        return self._run(cursor, COPY, already=already).rowcount  # type: ignore[no-any-return]

    def measured(self, cursor: Any) -> tuple[Measure, Measure]:
        """Return what was copied as it is at the source, and all there is at the target."""
        found = []
        copied = COPIED.format(other=self.at(self.target))
        for place, only in ((self.source, copied), (self.target, "")):
            self._run(cursor, MEASURE + only, place=self.at(place))
            rows, checksum = cursor.fetchone()
            found.append(Measure(int(rows), int(checksum)))
        return found[0], found[1]

    def delete_copied(self, cursor: Any) -> int:
        """Delete at the source the rows that stand at the target just so; return how many."""
        return self._run(cursor, DELETE).rowcount  # type: ignore[no-any-return]

    def left(self, cursor: Any, schema: str) -> int:
        """Return how many rows of the tenant a schema has."""
        cursor.execute(f"SELECT count(*) FROM {self.at(schema)} WHERE tenant_id = %s", [self.tenant_id])
        return int(cursor.fetchone()[0])

    def _run(self, cursor: Any, statement: str, **parts: str) -> Any:
        cursor.execute(COLUMNS, [self.at(self.source)])
        names = [name for (name,) in cursor.fetchall()]
        parts |= {
            "columns": ", ".join(names),
            "columns_of_s": ", ".join(f"s.{name}" for name in names),
            "columns_of_t": ", ".join(f"t.{name}" for name in names),
            "source": self.at(self.source),
            "target": self.at(self.target),
        }
        cursor.execute(statement.format(**parts), {"tenant": self.tenant_id})
        return cursor

    def at(self, schema: str) -> str:
        """Return the table's name with a schema's, quoted."""
        quote = connection.ops.quote_name
        return f"{quote(schema)}.{quote(self.table)}"
