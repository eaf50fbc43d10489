"""Where rows of tenants lie: the shared tables, and the schema of each tenant that has one of its own.

Jobs of the platform serve everybody, so they do their work in one place after the other.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import Error, connections

from tenants.models import Tenant

SHARED = "public"
SILOS = "SELECT schema_name FROM public.tenants_tenant WHERE isolation = 'silo' ORDER BY schema_name"

logger = logging.getLogger(__name__)


def places() -> list[str]:
    """Return the schemas that hold rows of tenants, as the platform knows them: `public` first, then each silo."""
    with connections["platform"].cursor() as cursor:
        cursor.execute(SILOS)
        return [SHARED, *(schema for (schema,) in cursor.fetchall())]


def home_of(tenant: Tenant) -> str:
    """Return the schema that the tenant's row of the registry names: where its rows lay when that was read."""
    return str(tenant.schema_name) if tenant.isolation == Tenant.Isolation.SILO else SHARED


@contextmanager
def place(schema: str) -> Iterator[Any]:
    """Point the platform's connection at one place until the block ends; yield it.

    Names without a schema mean the tables there, and those of `public` that no tenant has for itself.
    """
    connection: Any = connections["platform"]
    before = connection.tenant
    connection.set_schema(schema)
    try:
        yield connection
    finally:
        connection.set_tenant(before)


def in_each_place(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of one statement run in each place; a silo where it fails is logged, and the others go on.

    Raises:
        django.db.Error: it failed in the shared tables, or the database is away.
    """
    rows: list[tuple[Any, ...]] = []
    for schema in places():
        try:
            with place(schema) as connection, connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                rows += cursor.fetchall()
        except Error as error:
            if schema == SHARED:
                raise
            logger.warning("A job of the platform failed in %s, and goes on elsewhere: %s", schema, error)
    return rows
