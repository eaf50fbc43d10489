"""One command at a time moves a tenant."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connections

from miosa.pg.owner import ALIAS, OwnerUnknown
from tenants.moving.refusal import MoveRefused

LOCKS = 0x4D4F5645  # "MOVE": the class of advisory locks whose second number is a tenant's hash


@contextmanager
def alone(tenant_id: UUID) -> Iterator[None]:
    """Keep every other move of this tenant out until the block ends, or this process.

    Raises:
        MoveRefused: another command moves the tenant right now.
        OwnerUnknown: no URL of the owner's login is known.
    """
    if ALIAS not in connections.settings:
        raise OwnerUnknown
    connection = connections.create_connection(ALIAS)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCKS, str(tenant_id)])
            if not cursor.fetchone()[0]:
                raise MoveRefused("Another command moves this tenant right now: wait for its end.")
        yield
    finally:
        connection.close()
