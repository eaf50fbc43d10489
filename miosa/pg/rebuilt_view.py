"""The statistics of everybody: each materialised view made anew over the shared tables and every tenant's own schema.

Online: the new one is built beside the old, which goes on answering; the change of one for the other is the last
thing that happens, and takes no longer than a change of names.
"""

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import ProgrammingError, transaction

from miosa.pg.bootstrap import APP, PLATFORM
from miosa.pg.materialized_view import ALL_TENANTS, BARRIER, KEEP_QUERIES, SCHEMA
from miosa.pg.patience import take_time

logger = logging.getLogger(__name__)

LOCK = 0x53544154  # "STAT": one refresh or rebuild at a time, whoever starts it
SHARED = "public"
BUILD_LIMIT_S = 900

SILOS = "SELECT schema_name FROM public.tenants_tenant WHERE isolation = 'silo' ORDER BY schema_name"
FILL_QUERIES = f"""
UPDATE {SCHEMA}.refreshed SET
  query = rtrim(pg_get_viewdef(format('{SCHEMA}.%%I', view || '{ALL_TENANTS}')::regclass), ';'),
  unique_columns = (
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY place)
    FROM pg_index, unnest(indkey::int2[]) WITH ORDINALITY k(number, place)
    JOIN pg_attribute ON attnum = number
    WHERE indexrelid = format('{SCHEMA}.%%I', view || '_once')::regclass AND attrelid = indrelid)
WHERE query IS NULL"""
CHANGE = f"""
CREATE MATERIALIZED VIEW {SCHEMA}.{{built}}_anew AS {{query}};
CREATE UNIQUE INDEX {{name}}_once_anew ON {SCHEMA}.{{built}}_anew ({{unique}});
{BARRIER.replace("{built}", "{built}_anew")};
GRANT SELECT ON {SCHEMA}.{{name}} TO {APP};
DROP MATERIALIZED VIEW IF EXISTS {SCHEMA}.{{built}};
ALTER MATERIALIZED VIEW {SCHEMA}.{{built}}_anew RENAME TO {{built}};
ALTER INDEX {SCHEMA}.{{name}}_once_anew RENAME TO {{name}}_once;
UPDATE {SCHEMA}.refreshed SET at = now(), places = {{places}} WHERE view = '{{name}}'"""


class Kept(NamedTuple):
    """A view as `stats.refreshed` knows it."""

    name: str
    query: str
    unique: str
    places: list[str]


def rebuild(connection: Any, *, besides: Sequence[str] = ()) -> list[str]:
    """Make each view anew that does not look at exactly the present places; return the names of those changed.

    `connection` is the platform's login or the owner's. `besides` names schemas that count already although no
    tenant has moved in yet. A schema that lacks what a query reads is left out and logged: it is migrated next.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        if not _ready(cursor):
            return []
        cursor.execute(f"SELECT view FROM {SCHEMA}.refreshed ORDER BY view")
        views = [name for (name,) in cursor.fetchall()]
    return [name for name in views if _rebuilt(connection, name, besides)]


def _ready(cursor: Any) -> bool:
    cursor.execute(f"SET LOCAL ROLE {PLATFORM}")
    cursor.execute(f"SELECT to_regclass('{SCHEMA}.refreshed'), to_regclass('public.tenants_tenant')")
    if None in cursor.fetchone():
        return False
    cursor.execute(
        f"SELECT count(*) FROM pg_attribute WHERE attrelid = '{SCHEMA}.refreshed'::regclass AND attname = 'query'"
    )
    if cursor.fetchone() == (0,):
        cursor.execute(KEEP_QUERIES.format(), None)
    # Without a search path every table of the query is written with its schema.
    cursor.execute("SET LOCAL search_path = ''")
    cursor.execute(FILL_QUERIES, [])
    return True


def _rebuilt(connection: Any, name: str, besides: Sequence[str]) -> bool:
    """Change one view, in a transaction of its own: no reader of it waits for the building of another."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {PLATFORM}")
        take_time(BUILD_LIMIT_S, using=connection.alias)
        # A refresh that runs may take long. The login's own limit is back for the change itself, which readers wait for.
        cursor.execute(f"SET LOCAL lock_timeout = '{BUILD_LIMIT_S}s'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute(
            f"SELECT view, query, unique_columns, CASE WHEN to_regclass(%s) IS NULL THEN '{{}}' ELSE places END"
            f" FROM {SCHEMA}.refreshed WHERE view = %s",
            [f"{SCHEMA}.{name}{ALL_TENANTS}", name],
        )
        view = Kept(*cursor.fetchone())
        cursor.execute(SILOS)
        silos = sorted({schema for (schema,) in cursor.fetchall()} | set(besides))
        places = [SHARED, *(schema for schema in silos if _answers(connection, view.query, schema))]
        if places == view.places:
            return False
        union = "\nUNION ALL\n".join(f"({_of(view.query, place)})" for place in places)
        values = {"name": view.name, "built": f"{view.name}{ALL_TENANTS}", "unique": view.unique}
        literal = "ARRAY[" + ", ".join(f"'{place}'" for place in places) + "]"
        cursor.execute(CHANGE.format(**values, query=union, places=literal), None)
    return True


def _answers(connection: Any, query: str, schema: str) -> bool:
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(f"SELECT FROM ({_of(query, schema)}) q LIMIT 0", None)
    except ProgrammingError as error:
        logger.warning("The statistics leave out the schema %s: %s", schema, error)
        return False
    return True


def _of(query: str, schema: str) -> str:
    """Return the query over the tables of another schema; names of schemas are ours, `t_` and hex digits."""
    return query if schema == SHARED else query.replace("public.", f'"{schema}".')
