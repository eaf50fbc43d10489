"""Where rows of a tenant can be, read from PostgreSQL's own catalogue: no list of ours has to be complete."""

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any
from uuid import UUID

from miosa.pg.bootstrap import PLATFORM

REGISTRY = "public.tenants_tenant"

# Every column that is called tenant_id or refers to the registry, in tables and materialised views of every schema.
PLACES = f"""
SELECT c.oid, format('%I.%I', n.nspname, c.relname),
  CASE WHEN n.nspname = 'public' THEN c.relname ELSE format('%s.%s', n.nspname, c.relname) END,
  quote_ident(a.attname), c.relkind = 'm'
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p', 'm') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (a.attname = 'tenant_id' AND a.atttypid = 'uuid'::regtype
       OR EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = c.oid
                  AND k.confrelid = '{REGISTRY}'::regclass AND a.attnum = ANY(k.conkey)))
ORDER BY 2, 4"""
REFERENCES = "SELECT conrelid, confrelid FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid"


@dataclass(frozen=True, slots=True)
class Place:
    """A column that says whose a row is. `table` is quoted for SQL, `name` is for people."""

    oid: int
    table: str
    name: str
    column: str
    is_view: bool


def places(cursor: Any) -> list[Place]:
    """Return every place, those that refer to others first: so nothing is deleted uncounted by an ON DELETE."""
    cursor.execute(PLACES)
    found = [Place(*row) for row in cursor.fetchall()]
    cursor.execute(REFERENCES)
    order = TopologicalSorter[int]({place.oid: () for place in found})
    known = {place.oid for place in found}
    for child, parent in cursor.fetchall():
        if {child, parent} <= known:
            order.add(parent, child)
    turn = {oid: number for number, oid in enumerate(order.static_order())}
    return sorted(found, key=lambda place: turn[place.oid])


def left(cursor: Any, tenant_id: UUID, *, views: bool) -> dict[str, int]:
    """Return the places that hold rows of the tenant, with how many, as the platform sees them; `{}` is what we want."""
    cursor.execute(f"SET LOCAL ROLE {PLATFORM}")
    found = [place for place in places(cursor) if views or not place.is_view]
    counts = {place.name: _count(cursor, place.table, place.column, tenant_id) for place in found}
    counts["tenants_tenant"] = _count(cursor, REGISTRY, "id", tenant_id)
    cursor.execute("RESET ROLE")
    return {name: count for name, count in counts.items() if count}


def _count(cursor: Any, table: str, column: str, tenant_id: UUID) -> int:
    cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", [tenant_id])
    return int(cursor.fetchone()[0])
