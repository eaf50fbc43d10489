"""Row Level Security as a reversible migration operation."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

# After SET LOCAL has ended the setting is '' and not NULL. The sub-select around it (an InitPlan) keeps
# plans independent of the setting: the bare form lets a plan made without a tenant serve a big one.
TENANT = "nullif(current_setting('app.tenant_id', true), '')::uuid"


class EnableRowLevelSecurity(Operation):
    """ENABLE and FORCE row security on a tenant table, with the tenant's and the platform's policy."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, column: str = "tenant_id") -> None:
        self.model_name, self.column = model_name, column

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Policies are no part of Django's model state."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._run(
            app_label,
            schema_editor,
            to_state,
            "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY",
            "ALTER TABLE {t} FORCE ROW LEVEL SECURITY",
            "CREATE POLICY tenant_isolation ON {t}"
            " USING ({c} = (SELECT {tenant})) WITH CHECK ({c} = (SELECT {tenant}))",
            "CREATE POLICY platform ON {t} TO miosa_platform USING (true) WITH CHECK (true)",
            "ALTER TABLE {t} ALTER COLUMN {c} SET DEFAULT {tenant}",
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._run(
            app_label,
            schema_editor,
            from_state,
            "ALTER TABLE {t} ALTER COLUMN {c} DROP DEFAULT",
            "DROP POLICY IF EXISTS platform ON {t}",
            "DROP POLICY IF EXISTS tenant_isolation ON {t}",
            "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
        )

    def describe(self) -> str:
        return f"Enable row level security on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"rls_{self.model_name.lower()}"

    def _run(self, app_label: str, editor: BaseDatabaseSchemaEditor, state: Any, *statements: str) -> None:
        model = state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(editor.connection.alias, model):
            return
        table, column = editor.quote_name(model._meta.db_table), editor.quote_name(self.column)
        for statement in statements:
            editor.execute(statement.format(t=table, c=column, tenant=TENANT))
