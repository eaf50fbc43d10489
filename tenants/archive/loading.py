"""Rows of an archive into the shared tables: in batches, and read back afterwards.

No COPY: PostgreSQL refuses it where row security is in force. What is read back is spelled like the archive, so that
equal checksums mean equal values, whatever a column's type may have rounded or padded.
"""

import json
from collections.abc import Callable, Iterable, Iterator

from django.db import connection

from tenants.archive.errors import ArchiveRefused
from tenants.archive.people import People
from tenants.archive.reading import Archive, file_of, parsed
from tenants.archive.rows import Tally, lines
from tenants.archive.tables import Table

ROWS_AT_ONCE = 500
BYTES_AT_ONCE = 1 << 20

# What a column that did not travel holds here. Nobody knows a key whose hash this is.
FILLED = {
    "tenants_apikey": {"digest": "sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))"}
}

TYPES = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"""

Change = Callable[[dict[str, str | None]], dict[str, str | None]]


def load(archive: Archive, table: Table, *, people: People, now: str) -> int:
    """Insert the rows of a table and prove that they are there as they came; return how many.

    Raise ArchiveRefused where they are not. Raises django.db.Error where a rule of the database refuses one.
    """
    insert = _statement(table)
    expected = Tally()
    travelled = archive.lines(file_of(archive.manifest, table))
    for batch in _batches(_settled(travelled, table, people, now)):
        for line in batch:
            expected.add(line)
        with connection.cursor() as cursor:
            cursor.execute(insert, [f"[{b','.join(batch).decode()}]"])
    found = Tally()
    for line in lines(connection.connection, table, archive.manifest.tenant_id):
        found.add(line)
    if (found.rows, found.sha256) != (expected.rows, expected.sha256):
        raise ArchiveRefused(
            f"{table.name} does not hold afterwards what the archive holds ({found.rows} of {expected.rows} rows): "
            "nothing was taken."
        )
    return found.rows


def _settled(travelled: Iterable[bytes], table: Table, people: People, now: str) -> Iterator[bytes]:
    """Yield the lines as they shall stand here: people by their ids here, and keys revoked."""
    if not table.people and table.name not in FILLED:
        yield from travelled
        return
    for line in travelled:
        row = parsed(line, table) or {}
        row |= {column: people.get(row[column] or "") for column, _ in table.people}
        if table.name == "tenants_apikey":
            row["revoked_at"] = row["revoked_at"] or now
        yield (json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _batches(settled: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in settled:
        batch.append(line)
        size += len(line)
        if len(batch) == ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _statement(table: Table) -> str:
    with connection.cursor() as cursor:
        cursor.execute(TYPES, [f"public.{table.name}"])
        types: dict[str, str] = dict(cursor.fetchall())
    filled = FILLED.get(table.name, {})
    into = ", ".join(f'"{name}"' for name in (*table.columns, *filled))
    values = ", ".join([*(f'r."{name}"::{types[name]}' for name in table.columns), *filled.values()])
    members = ", ".join(f'"{name}" text' for name in table.columns)
    return f'INSERT INTO public."{table.name}" ({into}) SELECT {values} FROM json_to_recordset(%s::json) AS r({members})'
