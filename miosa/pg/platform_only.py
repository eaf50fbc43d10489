"""Tables that the application's login may not touch at all, as a reversible migration operation."""

from django.db.migrations.operations.special import RunSQL

from miosa.pg.bootstrap import APP


def platform_only(*tables: str) -> RunSQL:
    """Return the operation that takes every right on `tables` (names from our own code) from the application."""
    names = ", ".join(tables)
    return RunSQL(
        f"REVOKE ALL ON {names} FROM {APP}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {names} TO {APP}",
    )
