"""Foreign keys that start with the tenant, as a reversible migration operation.

A single-column foreign key accepts another tenant's row, and its error tells that the row exists. So
Django's ForeignKey between tenant tables has `db_constraint=False`, and this is the real constraint.
"""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


class CompositeForeignKey(Operation):
    """FOREIGN KEY (tenant_id, <field>_id) REFERENCES <to> (tenant_id, id), checked at commit."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, field: str, *, to: str, on_delete: str = "NO ACTION") -> None:
        self.model_name, self.field, self.to, self.on_delete = model_name, field, to, on_delete

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (
            self.__class__.__name__,
            [self.model_name, self.field],
            {"to": self.to, "on_delete": self.on_delete},
        )

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The relation itself is in Django's state already; only its constraint is ours."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        quote = schema_editor.quote_name
        target = to_state.apps.get_model(*self.to.split("."))
        column = model._meta.get_field(self.field).column
        schema_editor.execute(
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self._name(model))}"
            f" FOREIGN KEY (tenant_id, {quote(column)}) REFERENCES {quote(target._meta.db_table)} (tenant_id, id)"
            f" ON DELETE {self.on_delete} DEFERRABLE INITIALLY DEFERRED"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            quote = schema_editor.quote_name
            schema_editor.execute(
                f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self._name(model))}"
            )

    def describe(self) -> str:
        return f"Bind {self.model_name}.{self.field} to rows of the same tenant"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_{self.field}_of_tenant"

    def _name(self, model: Any) -> str:
        return f"{model._meta.db_table}_{self.field}_of_tenant"
