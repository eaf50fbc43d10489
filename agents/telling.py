"""What happened in an execution, one event after the other; written in the same message as what changed of its row.

The counter in the execution's row keeps the numbers in order of commit, and whoever tells something holds that row until
the commit: nobody else of the execution writes meanwhile. The functions are in the migrations.
"""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from agents.models import Execution
from agents.storable import storable

Event = tuple[str, Mapping[str, Any]]  # its kind, and what is told
NO_CHANGES: Mapping[str, Any] = MappingProxyType({})

TELL = "SELECT agents_tell(%s, %s, %s::jsonb[])"
END = "SELECT agents_end(%s, %s, %s, %s, %s)"
NUL = rb"\u0000"  # no text of PostgreSQL's holds one
CHANGE = "; UPDATE agents_execution SET {changes} WHERE id = %s AND finished IS NULL"


def tell(execution_id: UUID, kind: str, **data: Any) -> bool:
    """Append an event; return whether it was written.

    Nothing follows the end: what a worker still has to say of a cancelled execution is not written.
    """
    return tell_all(execution_id, [(kind, data)])


def tell_all(execution_id: UUID, events: Sequence[Event], *, changes: Mapping[str, Any] = NO_CHANGES) -> bool:
    """Append events and change fields of the execution's row.

    Returns False where nothing was done, since the execution has ended: the caller then leaves its transaction.
    """
    statement = TELL
    given: list[Any] = [execution_id, [kind for kind, _ in events], [plain(data) for _, data in events]]
    if changes:
        fields: dict[str, Any] = {name: Execution._meta.get_field(name) for name in changes}
        statement += CHANGE.format(changes=", ".join(f'"{field.column}" = %s' for field in fields.values()))
        given += [fields[name].get_db_prep_save(value, connection) for name, value in changes.items()]
        given.append(execution_id)
    return _done(statement, given)


def end_step(
    execution_id: UUID, step_id: UUID, fence: int, values: Mapping[str, Any], told: Mapping[str, Any]
) -> bool:
    """End a claimed step with what its row shall hold, and tell of it.

    Returns False where somebody else has claimed the step or the execution has ended: the caller then leaves its transaction.
    """
    return _done(END, [execution_id, step_id, fence, plain(values), plain(told)])


def plain(value: Mapping[str, Any]) -> str:
    """Return plain JSON of what agents and models produce; most of it is that already."""
    try:
        said = orjson.dumps(value)
    except TypeError:
        said = NUL
    if NUL not in said:
        return said.decode()
    return json.dumps(storable(value))  # orjson takes no number of more than 64 bits


def _done(statement: str, given: Sequence[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return bool(cursor.fetchone()[0])
