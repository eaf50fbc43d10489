"""Whether the victim's rows are still what they were, to the byte."""

from typing import Any

from django.db import connection
from django.db.models import Model

from miosa.doctor.attack import Ground
from miosa.doctor.statements import inside

OF_TABLE = "SELECT coalesce(md5(string_agg(to_jsonb(t)::text, '|' ORDER BY t.id)), '') FROM {table} t WHERE t.tenant_id = %s"


def checksum(ground: Ground, *models: type[Model], using: Any = connection) -> str:
    """Return one digest over every row that the victim has in the tables of `models` (default: in all)."""
    chosen = models or tuple(ground.victim.rows)
    query = " || ' ' || ".join(f"({OF_TABLE.format(table=ground.table(model))})" for model in chosen)
    with inside(ground.victim.tenant), using.cursor() as cursor:
        cursor.execute(f"SELECT {query}", [ground.victim.tenant.pk] * len(chosen))
        return str(cursor.fetchone()[0])
