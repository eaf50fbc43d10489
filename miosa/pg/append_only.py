"""A table that answers UPDATE and DELETE with an error, as a reversible migration operation."""

from django.db.migrations.operations.special import RunSQL


def append_only(table: str) -> RunSQL:
    """Return the reversible operation that makes `table` (a name from our own code) refuse UPDATE and DELETE."""
    function = f"{table}_is_append_only"
    return RunSQL(
        f"""
        CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '{table} is append-only: correct it with a reversing row' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();
        """,
        f"DROP TRIGGER append_only ON {table}; DROP FUNCTION {function}();",
    )
