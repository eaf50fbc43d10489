"""Migration executor that visits the public schema and the tenants that have a schema of their own."""

from collections.abc import Sequence

from django.db import connection
from django_tenants.migration_executors.standard import StandardExecutor

from miosa.pg.rebuilt_view import rebuild


class SiloExecutor(StandardExecutor):
    """A pooled tenant has a schema name but no schema: migrating it would create one."""

    codename = "silo"

    def run_migrations(self, tenants: Sequence[str] | None = None) -> None:
        """Migrate each schema that exists, and let the statistics look at all of them again."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s)", [list(tenants or [])])
            there = {name for (name,) in cursor.fetchall()}
        super().run_migrations([name for name in tenants or [] if name in there])  # type: ignore[no-untyped-call]
        rebuild(connection)


def silo_executor(codename: str | None = None) -> type[SiloExecutor]:  # noqa: ARG001  the setting's signature
    """Answer settings.GET_EXECUTOR_FUNCTION."""
    return SiloExecutor
