"""Questions in SQL that somebody else wrote: asked as a role that reads a few columns of one tenant and nothing else.

The text must not get out of what holds it. A role that was put on with SET ROLE is taken off by a function that everybody
may call, `set_config`; so the text runs inside a function that belongs to the role, and in there PostgreSQL lets
nobody change it. The same function could change the setting that names the tenant; so the role has a policy besides:
the tenant is that of a row of `reading` which the transaction wrote before the role was on, and which is never committed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.utils import DEFAULT_DB_ALIAS

from miosa.pg.bootstrap import APP, OWNER, PLATFORM, READER, DatabaseRefused
from miosa.pg.catalogue.reader import POLICY
from miosa.pg.row_security import TENANT
from miosa.pg.shared import SHARED

# Locks of a session outlive its transaction: whatever the text took is given back before anybody else works there.
CREATE = f"""
CREATE UNLOGGED TABLE public.reading (
  xact xid8 PRIMARY KEY DEFAULT pg_current_xact_id(), tenant uuid NOT NULL DEFAULT {TENANT});
REVOKE ALL ON public.reading FROM {APP}, {PLATFORM};
GRANT INSERT ON public.reading TO {APP};
GRANT SELECT ON public.reading TO {READER};
CREATE FUNCTION public.ask_as_reader(asked text) RETURNS SETOF text LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
  RETURN QUERY EXECUTE asked;
  PERFORM pg_catalog.pg_advisory_unlock_all();
EXCEPTION WHEN OTHERS OR query_canceled THEN
  PERFORM pg_catalog.pg_advisory_unlock_all();
  RAISE;
END $$;
REVOKE ALL ON FUNCTION public.ask_as_reader(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.ask_as_reader(text) TO {APP};
GRANT CREATE ON SCHEMA public TO {READER};
ALTER FUNCTION public.ask_as_reader(text) OWNER TO {READER};
REVOKE CREATE ON SCHEMA public FROM {READER}"""
DROP = "DROP FUNCTION public.ask_as_reader(text); DROP TABLE public.reading"

OF_READER = "SELECT pg_has_role(oid, 'SET') FROM pg_roles WHERE rolname = %s"
COLUMNS = """SELECT quote_ident(attname) FROM pg_attribute
WHERE attrelid = to_regclass(format('%%I.%%I', current_schema(), %s::text)) AND attname = ANY(%s) AND NOT attisdropped ORDER BY attnum"""
OFFERED = """SELECT c.oid::regclass::text, nspname = current_schema() FROM pg_policy
JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE polname = %s"""
OFFER = f"""
GRANT SELECT ({{columns}}) ON {{table}} TO {READER};
CREATE POLICY {POLICY} ON {{table}} AS RESTRICTIVE FOR SELECT TO {READER}
  USING (tenant_id = (SELECT tenant FROM public.reading WHERE xact = pg_current_xact_id_if_assigned()))"""
WITHDRAW = f"DROP POLICY {POLICY} ON {{table}}; REVOKE ALL ON {{table}} FROM {READER}"


def ask(asked: str, *, within_ms: int) -> list[str]:
    """Return what one SELECT with one column of text gives in the present tenant, as the role `miosa_reader`.

    The transaction is one of its own and is undone, whatever the text did to it. Raises django.db.DatabaseError.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("INSERT INTO public.reading DEFAULT VALUES")
        cursor.execute(f"SET LOCAL statement_timeout = {within_ms}")
        cursor.execute("SET LOCAL transaction_read_only = on")
        cursor.execute("SELECT * FROM public.ask_as_reader(%s)", [asked])
        rows = [row for (row,) in cursor.fetchall()]
        transaction.set_rollback(True)
    return rows


class MakeReader(Operation):
    """Make the function through which the role works, and the table that says for whom; once for the database."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Neither is part of Django's model state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if _shared(schema_editor):
            _refuse_missing_role(schema_editor)
            schema_editor.execute(CREATE, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if _shared(schema_editor):
            _withdraw(schema_editor, everywhere=True)  # the policies in schemas of tenants rest on the table
            schema_editor.execute(DROP, params=None)

    def describe(self) -> str:
        return f"Make the way in for {READER}"


class OfferToReader(Operation):
    """Let the role read exactly these columns, by table; what it could read before and is not named is taken away.

    The list may be the one in force: what a table of this state of the schema does not have yet is left out, and a
    later migration that brings it says the same once more.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, offered: Mapping[str, Sequence[str]]) -> None:
        self.offered = offered

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Rights and policies are no part of Django's model state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.alias != DEFAULT_DB_ALIAS:
            return
        _withdraw(schema_editor)
        for table, names in self.offered.items():
            if columns := _asked(schema_editor, COLUMNS, [table, list(names)]):
                listed = ", ".join(name for (name,) in columns)
                schema_editor.execute(OFFER.format(table=table, columns=listed), params=None)
        schema_editor.execute(f"GRANT USAGE ON SCHEMA {_schema(schema_editor)} TO {READER}", params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.alias == DEFAULT_DB_ALIAS:
            _withdraw(schema_editor)
            schema_editor.execute(
                f"REVOKE USAGE ON SCHEMA {_schema(schema_editor)} FROM {READER}", params=None
            )

    def describe(self) -> str:
        return f"Offer {len(self.offered)} tables to {READER}"


def _shared(editor: BaseDatabaseSchemaEditor) -> bool:
    """Whether the shared tables are migrated: the migrations of a tenant's own schema pass by here as well."""
    return editor.connection.alias == DEFAULT_DB_ALIAS and editor.connection.schema_name == SHARED  # type: ignore[attr-defined]


def _schema(editor: BaseDatabaseSchemaEditor) -> str:
    return editor.quote_name(editor.connection.schema_name)  # type: ignore[attr-defined]


def _withdraw(editor: BaseDatabaseSchemaEditor, *, everywhere: bool = False) -> None:
    for table, here in _asked(editor, OFFERED, [POLICY]):
        if here or everywhere:
            editor.execute(WITHDRAW.format(table=table), params=None)


def _refuse_missing_role(editor: BaseDatabaseSchemaEditor) -> None:
    if _asked(editor, OF_READER, [READER]) != [(True,)]:
        raise DatabaseRefused(
            f"The role {READER}, as which agents ask for records, is missing, or {OWNER} may not become it: run, as an "
            f"administrator of the server, CREATE ROLE {READER} NOLOGIN; GRANT {READER} TO {OWNER} WITH INHERIT FALSE, "
            "SET TRUE; and migrate again."
        )


def _asked(editor: BaseDatabaseSchemaEditor, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with editor.connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
