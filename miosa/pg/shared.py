"""Tables of the platform in apps whose other tables each silo has for itself: they stand in `public` alone.

What belongs to nobody (a price list, what a foreign service told us) has no tenant. A copy in a tenant's schema would
hide the real one, so migrations in silos leave these models out; names without a schema then mean the table in
`public`, which is the last place of every search path.
"""

from typing import Any

from django.db import connections
from django.db.migrations.operations.special import RunSQL

from miosa.pg.bootstrap import APP

SHARED = "public"
SHARED_MODELS = frozenset(
    {
        "billing.planterms",
        "billing.planprice",
        "billing.rate",
        "billing.reconciliation",
        "billing.stripeevent",
    }
)


class SharedModelsRouter:
    """Database router: operations on a shared model run in `public`, and nowhere else."""

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **_hints: Any
    ) -> bool | None:
        """False for a shared model in a silo; None leaves the decision to the next router."""
        schema = getattr(connections[db], "schema_name", SHARED)
        if model_name and f"{app_label}.{model_name.lower()}" in SHARED_MODELS and schema != SHARED:
            return False
        return None


def read_only(*models: str) -> list[RunSQL]:
    """Return the operations by which the application may read these shared models' tables, and not write them."""
    return [_read_only(*name.split(".")) for name in models]


def _read_only(app_label: str, model: str) -> RunSQL:
    table = f"{app_label}_{model}"
    return RunSQL(
        f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {APP}",
        f"GRANT INSERT, UPDATE, DELETE ON {table} TO {APP}",
        hints={"model_name": model},
    )
