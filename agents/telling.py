"""What happened in an execution, one event after the other; written in the same statement as what changed of its row.

The counter in the execution's row keeps the numbers in order of commit, and whoever tells something holds that row until
the commit: nobody else of the execution writes meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from agents.models import Execution, Step
from agents.storable import storable

Event = tuple[str, Mapping[str, Any]]  # its kind, and what is told
NO_CHANGES: Mapping[str, Any] = MappingProxyType({})

TELL = """
WITH told AS (
  UPDATE agents_execution SET events = events + %s{changes} WHERE id = %s AND finished IS NULL
  RETURNING tenant_id, id, events){ended}
INSERT INTO agents_executionevent (id, tenant_id, execution_id, number, kind, data, created)
SELECT event.id, told.tenant_id, told.id, told.events - %s + event.place, event.kind, event.data, clock_timestamp()
FROM {told} AS told, unnest(%s::uuid[], %s::text[], %s::jsonb[]) WITH ORDINALITY AS event (id, kind, data, place)"""
# It needs the row of the execution, so that one is locked before the step's.
ENDED = """, ended AS (
  UPDATE agents_step AS step SET {changes} FROM told
  WHERE step.id = %s AND step.fence = %s AND step.state = 'running' AND step.execution_id = told.id
  RETURNING told.tenant_id, told.id, told.events)"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A claimed step that ends with what is told, and what its row shall hold then."""

    step_id: UUID
    fence: int
    values: Mapping[str, Any]


def tell(execution_id: UUID, kind: str, **data: Any) -> bool:
    """Append an event; return whether it was written.

    Nothing follows the end: what a worker still has to say of a cancelled execution is not written.
    """
    return tell_all(execution_id, [(kind, data)])


def tell_all(
    execution_id: UUID,
    events: list[Event],
    *,
    changes: Mapping[str, Any] = NO_CHANGES,
    ended: Ended | None = None,
) -> bool:
    """Append events, change fields of the execution's row and end a step of it, all at once.

    Returns False where nothing was appended: the execution has ended, or somebody else has claimed the step. The caller then
    leaves its transaction.
    """
    number, (names, values) = len(events), _columns(Execution, changes)
    sets, given = _columns(Step, ended.values if ended else NO_CHANGES)
    extra = ENDED.format(changes=", ".join(sets)) if ended else ""
    given += [ended.step_id, ended.fence] if ended else []
    statement = TELL.format(
        changes="".join(f", {one}" for one in names), ended=extra, told="ended" if ended else "told"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                number, *values, execution_id, *given, number, [uuid7() for _ in events],
                [kind for kind, _ in events], [Jsonb(storable(data)) for _, data in events],
            ],
        )  # fmt: skip
        return bool(cursor.rowcount)


def _columns(model: type[Model], values: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """Return the assignments of fields, and what they are given."""
    fields: dict[str, Any] = {name: model._meta.get_field(name) for name in values}
    given = [fields[name].get_db_prep_save(value, connection) for name, value in values.items()]
    return [f'"{field.column}" = %s' for field in fields.values()], given
