"""Migration executor that visits the public schema and the tenants that have a schema of their own."""

from collections.abc import Sequence

from django_tenants.migration_executors.standard import StandardExecutor
from django_tenants.utils import schema_exists


class SiloExecutor(StandardExecutor):
    """A pooled tenant has a schema name but no schema: migrating it would create one."""

    codename = "silo"

    def run_migrations(self, tenants: Sequence[str] | None = None) -> None:
        super().run_migrations(  # type: ignore[no-untyped-call]
            [name for name in tenants or [] if name == self.PUBLIC_SCHEMA_NAME or schema_exists(name)]
        )


def silo_executor(codename: str | None = None) -> type[SiloExecutor]:  # noqa: ARG001  the setting's signature
    """Answer settings.GET_EXECUTOR_FUNCTION."""
    return SiloExecutor
