"""The schema of a tenant: made before the tenant moves in, dropped after it has moved out."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from miosa.pg.bootstrap import OWNER, PLATFORM
from miosa.pg.owner import as_owner
from miosa.pg.shared import SHARED_MODELS
from tenants.moving.copying import RECORDS, copied
from tenants.moving.refusal import MoveRefused
from tenants.moving.shape import differences

FOREIGN = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace(%s) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND c.relname <> ALL(%s) ORDER BY 1"""
FUNCTIONS = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = to_regnamespace(%s)"


def exists(schema: str) -> bool:
    """Tell whether there is such a schema."""
    with as_owner(), connection.cursor() as cursor:
        return _there(cursor, schema) is not None


def prepare(schema: str) -> None:
    """Make the schema with its tables; where some stand already, only what is missing.

    Raises:
        MoveRefused: something stands there that is not ours, or its tables are not made like the shared ones.
    """
    with as_owner():
        with connection.cursor() as cursor:
            _refuse_foreign(cursor, schema)
            begun = _there(cursor, schema)
        if begun or not copied(schema, _names()):
            migrate(schema)
        with transaction.atomic(), connection.cursor() as cursor:
            _refuse_rows(cursor, schema)
    refuse_difference(schema)


def migrate(schema: str) -> None:
    """Make the schema, or what it lacks, by running the migrations in it."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {connection.ops.quote_name(schema)}")
    call_command("migrate_schemas", schema_name=schema, verbosity=0, interactive=False, skip_checks=True)


def drop(schema: str) -> None:
    """Drop a schema that no row is left in; nothing happens where there is none.

    Raises:
        MoveRefused: rows or foreign objects are left.
    """
    quote = connection.ops.quote_name
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        _refuse_foreign(cursor, schema)
        there = _there(cursor, schema)
        if there is None:
            return
        tables = ", ".join(f"{quote(schema)}.{quote(name)}" for name in there)
        if there:
            cursor.execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
            _refuse_rows(cursor, schema)
            cursor.execute(f"DROP TABLE {tables}")  # restrict: nothing else may hang on them
        cursor.execute(FUNCTIONS, [schema])
        for (function,) in cursor.fetchall():
            cursor.execute(f"DROP FUNCTION {function}")
        cursor.execute(f"DROP SCHEMA {quote(schema)}")


def _names() -> list[str]:
    return [
        model._meta.db_table
        for label in settings.TENANT_APPS
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and model._meta.label_lower not in SHARED_MODELS
    ]


def _there(cursor: Any, schema: str) -> list[str] | None:
    """Return our tables that the schema has, None where there is no such schema."""
    cursor.execute("SELECT to_regnamespace(%s)", [schema])
    if cursor.fetchone() == (None,):
        return None
    wanted = [*_names(), RECORDS]
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relname = ANY(%s) ORDER BY 1",
        [schema, wanted],
    )
    return [name for (name,) in cursor.fetchall()]


def _refuse_foreign(cursor: Any, schema: str) -> None:
    cursor.execute("SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = %s", [schema])
    owner = cursor.fetchone()
    if owner and owner[0] != OWNER:
        raise MoveRefused(
            f"The schema {schema} belongs to {owner[0]}: drop or rename it, and run this again."
        )
    cursor.execute(FOREIGN, [schema, [*_names(), RECORDS]])
    if foreign := [name for (name,) in cursor.fetchall()]:
        raise MoveRefused(
            f"The schema {schema} holds what is not ours ({', '.join(foreign)}): take it away, and run this again."
        )


def _refuse_rows(cursor: Any, schema: str) -> None:
    """Look as the platform does: the owner sees one tenant's rows only."""
    quote = connection.ops.quote_name
    names = [name for name in _there(cursor, schema) or [] if name != RECORDS]
    cursor.execute(f"SET LOCAL ROLE {PLATFORM}")
    full = []
    for name in names:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {quote(schema)}.{quote(name)})")
        full += [name] if cursor.fetchone()[0] else []
    cursor.execute("RESET ROLE")
    if full:
        raise MoveRefused(
            f"The schema {schema} holds rows that are not in force ({', '.join(full)}): look whose they are, "
            "take them away, and run this again."
        )


def refuse_difference(schema: str) -> None:
    """Compare the tables there with the shared ones, in PostgreSQL's own catalogue.

    Raises:
        MoveRefused: they differ in columns, keys, indexes, policies, triggers, functions or rights.
    """
    names = _names()
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        different = differences(cursor, schema, names)
    if different:
        raise MoveRefused(
            f"The tables of the schema {schema} are not made like the shared ones ({different[0]}): "
            "run `manage.py migrate`, and then this again."
        )
