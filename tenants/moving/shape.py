"""How a schema's tables are made, line by line, so that two schemas can be compared."""

from typing import Any

from django.conf import settings

from miosa.pg.bootstrap import OWNER, READER

SHARED = "public"

# What the tables' triggers call, and what the owner has that is named after one of the apps whose tables these are.
FUNCTIONS = f"""
  SELECT f.oid, proname, prosrc, proacl FROM pg_proc f
  WHERE pronamespace = to_regnamespace(%(schema)s) AND prokind = 'f' AND (
    proowner = '{OWNER}'::regrole AND EXISTS (SELECT FROM unnest(%(labels)s::text[]) label WHERE starts_with(proname, label || '_'))
    OR f.oid IN (SELECT tgfoid FROM pg_trigger g JOIN tables t ON tgrelid = t.oid WHERE NOT tgisinternal))"""

# The schema's own name is written as nothing, and names as they are written inside of it.
SHAPE = f"""
WITH tables AS (
  SELECT c.oid, c.relname FROM pg_class c
  WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'p') AND c.relname = ANY(%(tables)s)),
functions AS ({FUNCTIONS})
SELECT 'table ' || c.relname || ' row security ' || c.relrowsecurity || ', forced ' || c.relforcerowsecurity
    || ', owner ' || c.relowner::regrole FROM pg_class c JOIN tables USING (oid)
UNION ALL SELECT format('column %%s.%%s %%s %%s %%s', relname, attname, format_type(atttypid, atttypmod),
    CASE WHEN attnotnull THEN 'not null' END, pg_get_expr(adbin, adrelid))
  FROM tables JOIN pg_attribute ON attrelid = oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL SELECT format('constraint %%s.%%s %%s', relname, conname, pg_get_constraintdef(k.oid))
  FROM pg_constraint k JOIN tables t ON conrelid = t.oid WHERE contype <> 'n'
UNION ALL SELECT format('index %%s', pg_get_indexdef(indexrelid)) FROM pg_index JOIN tables ON indrelid = oid
UNION ALL SELECT format('policy %%s.%%s %%s %%s %%s using %%s check %%s', relname, polname, polcmd, polpermissive,
    polroles::regrole[], pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  FROM pg_policy p JOIN tables t ON polrelid = t.oid
UNION ALL SELECT format('trigger %%s', pg_get_triggerdef(g.oid))
  FROM pg_trigger g JOIN tables t ON tgrelid = t.oid WHERE NOT tgisinternal
UNION ALL SELECT format('function %%s %%s', oid::regprocedure, prosrc) FROM functions
UNION ALL SELECT format('right %%s %%s %%s', relname, role, "right") FROM tables,
    unnest(ARRAY['miosa_app', 'miosa_platform']) role, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) "right"
  WHERE has_table_privilege(role, oid, "right")
UNION ALL SELECT format('right {READER} %%s.%%s', relname, attname)
  FROM tables t JOIN pg_attribute ON attrelid = t.oid AND attnum > 0 AND NOT attisdropped
  WHERE has_column_privilege('{READER}', t.oid, attnum, 'SELECT')
UNION ALL SELECT format('right to enter %%s', role) FROM unnest(ARRAY['miosa_app', 'miosa_platform', '{READER}']) role
  WHERE has_schema_privilege(role, %(schema)s, 'USAGE')"""


def shape(cursor: Any, schema: str, names: list[str]) -> set[str]:
    """Return the lines that describe the tables `names` in a schema, and the functions that go with them.

    That is columns, keys, indexes, policies, triggers, functions and rights. The same tables in another schema give
    the same lines.
    """
    # With the schema alone in the path PostgreSQL leaves its name out of everything it prints.
    cursor.execute("SELECT set_config('search_path', quote_ident(%s) || ', pg_catalog', true)", [schema])
    cursor.execute(SHAPE, {"schema": schema, "tables": names, "labels": settings.TENANT_APPS})
    return {_unnamed(line, schema) for (line,) in cursor.fetchall()}


def differences(cursor: Any, schema: str, names: list[str]) -> list[str]:
    """Return the lines in which the tables `names` of a schema are made otherwise than the shared ones."""
    return sorted(shape(cursor, SHARED, names) ^ shape(cursor, schema, names))


def _unnamed(line: str, schema: str) -> str:
    """Return the line without this schema's name, and `public` as nothing: what stands there serves everybody."""
    for name in (schema, SHARED):
        line = line.replace(f'"{name}".', "").replace(f"{name}.", "")
    return line
