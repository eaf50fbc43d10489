"""A tenant's schema made in a second, as a copy of how the shared tables are made, where migrating takes many.

The shared tables have been migrated already, and all that they are stands in PostgreSQL's catalogue. One transaction:
a copy that is broken off leaves nothing. One that does not turn out equal is undone, and the migrations do it.
"""

import logging
from typing import Any

from django.db import NotSupportedError, ProgrammingError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from miosa.pg.bootstrap import READER
from tenants.moving.definition import definition, names_of_indexes
from tenants.moving.shape import SHARED, differences

logger = logging.getLogger(__name__)

RECORDS = "django_migrations"  # Django's own table in every schema that it migrates
COPY_RECORDS = (
    f"INSERT INTO {RECORDS} (app, name, applied) SELECT app, name, now() FROM {SHARED}.{RECORDS} ORDER BY id"
)
OTHER_RECORDS = f"""
SELECT app, name FROM {SHARED}.{RECORDS} EXCEPT SELECT app, name FROM {{schema}}.{RECORDS}
UNION ALL SELECT app, name FROM {{schema}}.{RECORDS} EXCEPT SELECT app, name FROM {SHARED}.{RECORDS}"""


class CopyDiffers(Exception):  # noqa: N818  it reads as what is the matter
    """The copy is not made like the shared tables."""


def copied(schema: str, names: list[str]) -> bool:
    """Make a schema, where nothing of ours is yet, with the tables `names` as the shared ones are made.

    Works as the owner of the tables. False where that is not possible: migrations of the shared tables are missing,
    or what stands in the catalogue does not give equal tables. Nothing was made then.
    """
    if _unmigrated():
        return False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            _copy(cursor, schema, names)
    except (CopyDiffers, ProgrammingError, NotSupportedError) as error:
        logger.warning("The schema %s is made by migrating, since it cannot be copied: %s", schema, error)
        return False
    return True


def _unmigrated() -> bool:
    """Tell whether the code knows migrations that the shared tables have not had."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _copy(cursor: Any, schema: str, names: list[str]) -> None:
    own = connection.ops.quote_name(schema)
    all_names = [*names, RECORDS]
    statements = definition(cursor, all_names)
    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {own}")
    cursor.execute(f"GRANT USAGE ON SCHEMA {own} TO {READER}")
    cursor.execute("SELECT set_config('search_path', %s, true)", [f"{own}, {SHARED}"])
    cursor.execute(";\n".join([*statements, COPY_RECORDS]), None)
    cursor.execute(";\n".join(names_of_indexes(cursor, schema, all_names)), None)
    if different := differences(cursor, schema, all_names):
        raise CopyDiffers(different[0])
    # A migration of the shared tables that ended meanwhile is in what was compared above, or in here.
    cursor.execute(OTHER_RECORDS.format(schema=own))
    if other := cursor.fetchone():
        raise CopyDiffers(".".join(other))
