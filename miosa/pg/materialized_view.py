"""Materialised views of all tenants' rows, walled off like tables, as a reversible migration operation.

PostgreSQL has no Row Level Security for materialised views, and one that the FORCEd owner builds is empty. So the
platform owns them in a schema of its own, `stats`, and the application reads them through a security barrier view that
shows the current tenant's rows only. For the platform the same view shows every row: one name for both logins.

The migration builds a view over the shared tables; `rebuilt_view.rebuild` adds the tenants that have a schema of
their own, whenever one comes, goes or is migrated. For that the query is kept in `stats.refreshed`.
"""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.utils import DEFAULT_DB_ALIAS

from miosa.pg.bootstrap import APP, PLATFORM
from miosa.pg.row_security import TENANT

SCHEMA = "stats"
ALL_TENANTS = "_of_all"  # what the name of the materialised view has behind the name of its view

# Two branches instead of one OR: the tenant's way may use the index, and the platform's is not walked at all by others.
BARRIER = f"""
CREATE OR REPLACE VIEW {SCHEMA}.{{name}} WITH (security_barrier) AS
  SELECT * FROM {SCHEMA}.{{built}} WHERE tenant_id = (SELECT {TENANT})
  UNION ALL
  SELECT * FROM {SCHEMA}.{{built}}
  WHERE (SELECT current_user = '{PLATFORM}') AND tenant_id IS DISTINCT FROM (SELECT {TENANT})"""

# Views that were made before their query was kept are over the shared tables only: what they say is their query.
KEEP_QUERIES = f"""
ALTER TABLE {SCHEMA}.refreshed ADD COLUMN IF NOT EXISTS query text;
ALTER TABLE {SCHEMA}.refreshed ADD COLUMN IF NOT EXISTS unique_columns text;
ALTER TABLE {SCHEMA}.refreshed ADD COLUMN IF NOT EXISTS places text[] NOT NULL DEFAULT '{{{{public}}}}'"""

CREATE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {PLATFORM};
SET LOCAL ROLE {PLATFORM};
GRANT USAGE ON SCHEMA {SCHEMA} TO {APP};
CREATE TABLE IF NOT EXISTS {SCHEMA}.refreshed (view text PRIMARY KEY, at timestamptz NOT NULL);
GRANT SELECT ON {SCHEMA}.refreshed TO {APP};
{KEEP_QUERIES};
CREATE MATERIALIZED VIEW {SCHEMA}.{{built}} AS {{query}};
CREATE UNIQUE INDEX {{name}}_once ON {SCHEMA}.{{built}} ({{unique}});
{BARRIER};
GRANT SELECT ON {SCHEMA}.{{name}} TO {APP};
INSERT INTO {SCHEMA}.refreshed (view, at, query, unique_columns) VALUES ('{{name}}', now(), {{query_literal}}, '{{unique}}');
RESET ROLE"""

DROP = f"""
SET LOCAL ROLE {PLATFORM};
DROP VIEW {SCHEMA}.{{name}};
DROP MATERIALIZED VIEW {SCHEMA}.{{built}};
DELETE FROM {SCHEMA}.refreshed WHERE view = '{{name}}';
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_matviews WHERE schemaname = '{SCHEMA}') THEN
    DROP TABLE {SCHEMA}.refreshed;
    DROP SCHEMA {SCHEMA};
  END IF;
END $$;
RESET ROLE"""


class MaterializedView(Operation):
    """Make `stats.<name>` from a query that has a `tenant_id` and one row for each value of `unique`.

    The query names its tables with their schema (`public.`), and only tables that a tenant's own schema has too.
    A later migration that changes a column the query reads drops the view first, by this operation's reverse, and
    makes it anew.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str, query: str, *, unique: Sequence[str]) -> None:
        self.name, self.query, self.unique = name, query.strip(), tuple(unique)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.name, self.query], {"unique": self.unique}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Views are no part of Django's model state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._run(schema_editor, CREATE)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._run(schema_editor, DROP)

    def describe(self) -> str:
        return f"Make the materialised view {SCHEMA}.{self.name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"statistics_{self.name}"

    def _run(self, editor: BaseDatabaseSchemaEditor, script: str) -> None:
        # Once for the database: the migrations of a tenant's own schema pass by here as well.
        if editor.connection.alias != DEFAULT_DB_ALIAS or editor.connection.schema_name != "public":  # type: ignore[attr-defined]
            return
        values = {
            "name": self.name,
            "built": f"{self.name}{ALL_TENANTS}",
            "query": self.query,
            "query_literal": "'" + self.query.replace("'", "''") + "'",
            "unique": ", ".join(self.unique),
        }
        editor.execute(script.format(**values), params=None)


class DropMaterializedView(MaterializedView):
    """Take `stats.<name>` away, with the query it had: reversed, it is made again."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._run(schema_editor, DROP)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._run(schema_editor, CREATE)

    def describe(self) -> str:
        return f"Drop the materialised view {SCHEMA}.{self.name}"
