"""Materialised views of all tenants' rows, walled off like tables, as a reversible migration operation.

PostgreSQL has no Row Level Security for materialised views, and one that the FORCEd owner builds is empty. So the
platform owns them in a schema of its own, `stats`, and the application reads them through a security barrier view that
shows the current tenant's rows only. For the platform the same view shows every row: one name for both logins.
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
CREATE = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION {PLATFORM};
SET LOCAL ROLE {PLATFORM};
GRANT USAGE ON SCHEMA {SCHEMA} TO {APP};
CREATE TABLE IF NOT EXISTS {SCHEMA}.refreshed (view text PRIMARY KEY, at timestamptz NOT NULL);
GRANT SELECT ON {SCHEMA}.refreshed TO {APP};
CREATE MATERIALIZED VIEW {SCHEMA}.{{name}}{ALL_TENANTS} AS {{query}};
CREATE UNIQUE INDEX {{name}}_once ON {SCHEMA}.{{name}}{ALL_TENANTS} ({{unique}});
CREATE VIEW {SCHEMA}.{{name}} WITH (security_barrier) AS
  SELECT * FROM {SCHEMA}.{{name}}{ALL_TENANTS} WHERE tenant_id = (SELECT {TENANT})
  UNION ALL
  SELECT * FROM {SCHEMA}.{{name}}{ALL_TENANTS}
  WHERE (SELECT current_user = '{PLATFORM}') AND tenant_id IS DISTINCT FROM (SELECT {TENANT});
GRANT SELECT ON {SCHEMA}.{{name}} TO {APP};
INSERT INTO {SCHEMA}.refreshed VALUES ('{{name}}', now());
RESET ROLE"""

DROP = f"""
SET LOCAL ROLE {PLATFORM};
DROP VIEW {SCHEMA}.{{name}};
DROP MATERIALIZED VIEW {SCHEMA}.{{name}}{ALL_TENANTS};
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

    The query names its tables with their schema (`public.`), since the platform's search path is not the owner's.
    Tenants with a schema of their own have no rows in it. A later migration that changes a column the query reads
    drops the view first, by this operation's reverse, and makes it anew.
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
        values = {"name": self.name, "query": self.query, "unique": ", ".join(self.unique)}
        editor.execute(script.format(**values), params=None)
