"""The statements that make the shared tables once more, empty, in a schema of their own: PostgreSQL's catalogue tells them.

No program beside the server is needed, as `pg_dump` would be. Names of the shared schema are left out of everything
that is read and found again by the search path when it is replayed: first in the new schema, then among the shared
tables. That is how migrations in a tenant's schema find them too.
"""

from typing import Any

from django.conf import settings

from miosa.pg.bootstrap import APP, PLATFORM, READER
from tenants.moving.shape import FUNCTIONS, SHARED

# Keys to the registry come last: only they lock a table that others write to.
STAGES = f"""
WITH tables AS (
  SELECT c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, c.reloptions FROM pg_class c
  WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind IN ('r', 'p') AND c.relname = ANY(%(tables)s)),
functions AS ({FUNCTIONS}),
statements (stage, name, statement) AS (
  SELECT 1, relname, format('CREATE TABLE %%1$I (LIKE {SHARED}.%%1$I INCLUDING ALL)', relname) FROM tables
  UNION ALL SELECT 2, relname, format('ALTER TABLE %%I SET (%%s)', relname, array_to_string(reloptions, ', '))
    FROM tables WHERE reloptions IS NOT NULL
  UNION ALL SELECT 2, relname, format('ALTER TABLE %%I ALTER COLUMN %%I SET (%%s)', relname, attname,
      array_to_string(attoptions, ', '))
    FROM tables JOIN pg_attribute ON attrelid = oid WHERE attoptions IS NOT NULL AND NOT attisdropped
  UNION ALL SELECT 2, relname, format('ALTER TABLE %%I ALTER COLUMN %%I SET STATISTICS %%s', relname, attname, attstattarget)
    FROM tables JOIN pg_attribute ON attrelid = oid WHERE attstattarget >= 0 AND attnum > 0 AND NOT attisdropped
  UNION ALL SELECT 2, relname, format('COMMENT ON TABLE %%I IS %%L', relname, obj_description(oid, 'pg_class'))
    FROM tables WHERE obj_description(oid, 'pg_class') IS NOT NULL
  UNION ALL SELECT 3, proname, replace(pg_get_functiondef(oid), ' FUNCTION {SHARED}.', ' FUNCTION ') FROM functions
  UNION ALL SELECT 4, proname, format('REVOKE ALL ON FUNCTION %%s FROM PUBLIC', oid::regprocedure)
    FROM functions WHERE proacl IS NOT NULL
  UNION ALL SELECT 5, proname, format('GRANT EXECUTE ON FUNCTION %%s TO %%s', oid::regprocedure,
      CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
    FROM functions, aclexplode(proacl) WHERE grantee IN (0, '{APP}'::regrole, '{PLATFORM}'::regrole)
  UNION ALL SELECT 6, relname, pg_get_triggerdef(g.oid, true) FROM pg_trigger g JOIN tables t ON tgrelid = t.oid
    WHERE NOT tgisinternal
  UNION ALL SELECT 7, relname, format('CREATE POLICY %%I ON %%I AS %%s FOR %%s TO %%s', polname, relname,
      CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
      CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
      (SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE role::regrole::text END, ', ') FROM unnest(polroles) role))
      || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
      || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
    FROM pg_policy JOIN tables t ON polrelid = t.oid
  UNION ALL SELECT 8, relname, format('ALTER TABLE %%I ENABLE ROW LEVEL SECURITY', relname) FROM tables WHERE relrowsecurity
  UNION ALL SELECT 8, relname, format('ALTER TABLE %%I FORCE ROW LEVEL SECURITY', relname) FROM tables
    WHERE relforcerowsecurity
  UNION ALL SELECT 9, relname, format('REVOKE ALL ON TABLE %%I FROM {APP}, {PLATFORM}', relname) FROM tables
  UNION ALL SELECT 10, relname, format('GRANT %%s ON TABLE %%I TO %%I', string_agg("right", ', '), relname, role)
    FROM tables, unnest(ARRAY['{APP}', '{PLATFORM}']) role, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) "right"
    WHERE has_table_privilege(role, oid, "right") GROUP BY relname, role
  UNION ALL SELECT 10, relname, format('GRANT SELECT (%%s) ON TABLE %%I TO {READER}',
      string_agg(quote_ident(attname), ', ' ORDER BY attnum), relname)
    FROM tables t JOIN pg_attribute ON attrelid = t.oid AND NOT attisdropped, aclexplode(attacl)
    WHERE grantee = '{READER}'::regrole GROUP BY relname
  UNION ALL SELECT 11, relname, format('ALTER TABLE %%I ADD CONSTRAINT %%I %%s', relname, conname, pg_get_constraintdef(k.oid))
    FROM pg_constraint k JOIN tables t ON conrelid = t.oid WHERE contype = 'f')
SELECT statement FROM statements ORDER BY stage, name"""

# LIKE gives indexes, and the keys that rest on them, names of its own choice. Printed and parsed again their conditions
# would not be the same to the letter, so they are copied by LIKE, found by what they index, and called as the shared ones.
INDEXES = """
WITH indexes AS (
  SELECT t.relnamespace AS place, t.relname AS of_table, i.relname AS name, row_number() OVER (
    PARTITION BY t.relnamespace, t.relname, made ORDER BY i.relname) AS number, made
  FROM pg_index x JOIN pg_class t ON t.oid = indrelid JOIN pg_class i ON i.oid = indexrelid
  LEFT JOIN pg_constraint k ON conindid = indexrelid AND contype IN ('p', 'u', 'x'),
  LATERAL (SELECT concat(indisunique, pg_get_constraintdef(k.oid),
    regexp_replace(pg_get_indexdef(indexrelid, 0, true), '^.*? USING ', '')) AS made)
  WHERE t.relname = ANY(%(tables)s) AND t.relnamespace IN (to_regnamespace(%(schema)s), to_regnamespace(%(shared)s))),
renamed AS (
  SELECT row_number() OVER () AS number, own.name AS old, shared.name AS new
  FROM indexes own JOIN indexes shared USING (of_table, made, number)
  WHERE own.place = to_regnamespace(%(schema)s) AND shared.place = to_regnamespace(%(shared)s)),
statements (stage, statement) AS (
  SELECT 1, format('ALTER INDEX %%I.%%I RENAME TO %%I', %(schema)s, old, 'renamed_' || number) FROM renamed
  UNION ALL SELECT 2, format('ALTER INDEX %%I.%%I RENAME TO %%I', %(schema)s, 'renamed_' || number, new) FROM renamed)
SELECT statement FROM statements ORDER BY stage"""


def definition(cursor: Any, names: list[str]) -> list[str]:
    """Return the statements that make the shared tables `names` and the functions that go with them, in their order.

    They are to be run with the new schema first in the search path and the shared one behind it.
    """
    cursor.execute("SELECT set_config('search_path', %s, true)", [SHARED])
    cursor.execute(STAGES, {"schema": SHARED, "tables": names, "labels": settings.TENANT_APPS})
    return [statement for (statement,) in cursor.fetchall()]


def names_of_indexes(cursor: Any, schema: str, names: list[str]) -> list[str]:
    """Return the statements that give the indexes and keys of a schema's tables `names` the names of the shared ones."""
    cursor.execute(INDEXES, {"schema": schema, "shared": SHARED, "tables": names})
    return [statement for (statement,) in cursor.fetchall()]
