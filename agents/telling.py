"""What happened in an execution, one event after the other; written in the same statement as what changed of its row.

The counter in the execution's row keeps the numbers in order of commit, and whoever tells something holds that row until
the commit: nobody else of the execution writes meanwhile.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Field
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from agents.models import Execution
from agents.storable import storable

Event = tuple[str, Mapping[str, Any]]  # its kind, and what is told

TELL = """
WITH told AS (
  UPDATE agents_execution SET events = events + %s{changes} WHERE id = %s AND finished IS NULL
  RETURNING tenant_id, id, events)
INSERT INTO agents_executionevent (id, tenant_id, execution_id, number, kind, data, created)
SELECT event.id, told.tenant_id, told.id, told.events - %s + event.place, event.kind, event.data, clock_timestamp()
FROM told, unnest(%s::uuid[], %s::text[], %s::jsonb[]) WITH ORDINALITY AS event (id, kind, data, place)"""


def tell(execution_id: UUID, kind: str, **data: Any) -> bool:
    """Append an event; return whether it was written.

    Nothing follows the end: what a worker still has to say of a cancelled execution is not written.
    """
    return tell_all(execution_id, [(kind, data)])


def tell_all(execution_id: UUID, events: list[Event], /, **changes: Any) -> bool:
    """Append events and change fields of the execution's row at once; return False where it has ended, and nothing is done."""
    number = len(events)
    values = [_stored(name, value) for name, value in changes.items()]
    statement = TELL.format(changes="".join(f', "{name}" = %s' for name in changes))
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                number, *values, execution_id, number, [uuid7() for _ in events],
                [kind for kind, _ in events], [Jsonb(storable(data)) for _, data in events],
            ],
        )  # fmt: skip
        return bool(cursor.rowcount)


def _stored(name: str, value: Any) -> Any:
    field: Field[Any, Any] = Execution._meta.get_field(name)  # type: ignore[assignment]
    return field.get_db_prep_save(value, connection)
