"""A table that answers UPDATE and DELETE with an error, as a reversible migration operation."""

from django.db.migrations.operations.special import RunSQL

from miosa.pg.bootstrap import OWNER


def append_only(table: str) -> RunSQL:
    """Return the reversible operation that makes `table` (a name from our own code) refuse UPDATE and DELETE.

    The owner of the tables may delete: moving a tenant to another schema and erasing one are deletions. Nobody but
    the migrating commands has that login, and it cannot update either.
    """
    function = f"{table}_is_append_only"
    return RunSQL(
        f"""
        {_function(table)}
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();
        """,
        f"DROP TRIGGER append_only ON {table}; DROP FUNCTION {function}();",
    )


def owner_may_delete(table: str) -> RunSQL:
    """Return the operation that gives the present rule to a table which became append-only before it was so."""
    return RunSQL(_function(table), RunSQL.noop)


def _function(table: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE' AND current_user = '{OWNER}' THEN
            RETURN OLD;
          END IF;
          RAISE EXCEPTION '{table} is append-only: correct it with a reversing row' USING ERRCODE = 'restrict_violation';
        END $$;"""
