"""Migration operations that share one rendering of the models, which is most of what a migration costs.

Django renders every model that is related to a changed one anew, after each operation; through the tenant all of ours are
related. What follows each other and does not build on each other needs that once: `@together` above a migration.
"""

from typing import Any, TypeVar

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.fields import AddField, AlterField
from django.db.migrations.operations.models import (
    AddConstraint,
    AddIndex,
    CreateModel,
    RemoveConstraint,
    RemoveIndex,
)

Key = tuple[str, str, str]
Migrations = TypeVar("Migrations", bound=type[Migration])


class Together(Operation):
    """Operations done one after the other, each of which sees the models as they are before and after all of them."""

    reduces_to_sql = True

    def __init__(self, *operations: Operation) -> None:
        self.operations = operations

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, list(self.operations), {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change the state as each operation does; where its models are rendered already, render them anew once."""
        rendered = state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if rendered is not None:
            state.apps = rendered
            changed = {(app_label, key[0]) for key in map(_key, self.operations) if key}
            state.reload_models(changed, delay=False)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return "; ".join(operation.describe() for operation in self.operations)


def together(migration: Migrations) -> Migrations:
    """Let neighbouring operations of a migration share their renderings, as far as none builds on another."""
    runs: list[list[Operation]] = [[]]
    for operation in migration.operations:
        if not _fits(operation, runs[-1]):
            runs.append([])
        runs[-1].append(operation)
    migration.operations = [_one(run) for run in runs if run]
    return migration


def _one(run: list[Operation]) -> Operation:
    return run[0] if len(run) == 1 else Together(*run)


def _fits(operation: Operation, run: list[Operation]) -> bool:
    """Say whether the operation needs nothing of what those before it change: of each model one kind, each part once."""
    key, before = _key(operation), [_key(one) for one in run]
    if key is None or None in before:
        return not run
    return all(one[0] != key[0] or (one[1] == key[1] and one[2] != key[2]) for one in before if one)


def _key(operation: Operation) -> Key | None:
    """Return (model, kind, name) of the part that the operation changes; None for what always stands alone."""
    if isinstance(operation, CreateModel):
        return operation.name_lower, "table", ""
    if isinstance(operation, AddField | AlterField):
        return operation.model_name_lower, "field", operation.name_lower
    # A constraint is taken away by its condition: the state it is taken from has to know the fields in that.
    if isinstance(operation, AddIndex):
        return operation.model_name_lower, "rule", operation.index.name
    if isinstance(operation, AddConstraint):
        return operation.model_name_lower, "rule", operation.constraint.name
    if isinstance(operation, RemoveIndex | RemoveConstraint):
        return operation.model_name_lower, "rule", operation.name
    return None
