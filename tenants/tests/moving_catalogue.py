"""Everything that PostgreSQL's catalogue says of a schema, without the schema's name."""

from typing import Any

from miosa.pg.owner import as_owner

NAMESPACE = """
SELECT concat_ws(' | ', 'schema', nspowner::regrole, (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(nspacl) acl))
FROM pg_namespace WHERE nspname = %(schema)s"""
RELATIONS = """
SELECT concat_ws(' | ', 'relation', relname, relkind, relowner::regrole, relpersistence, relrowsecurity, relforcerowsecurity,
  relreplident, reloptions, relispartition, relhasrules, relchecks, (SELECT amname FROM pg_am a WHERE a.oid = relam),
  (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(relacl) acl), obj_description(c.oid, 'pg_class'),
  (SELECT reloptions FROM pg_class toast WHERE toast.oid = c.reltoastrelid))
FROM pg_class c WHERE relnamespace = to_regnamespace(%(schema)s)"""
COLUMNS = """
SELECT concat_ws(' | ', 'column', relname, row_number() OVER (PARTITION BY c.oid ORDER BY attnum), attname,
  format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attoptions, 'target ' || attstattarget, attstorage,
  attcompression, attidentity, attgenerated, attcollation::regcollation, attacl, col_description(c.oid, attnum))
FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE relnamespace = to_regnamespace(%(schema)s)"""
CONSTRAINTS = """
SELECT concat_ws(' | ', 'constraint', conrelid::regclass, conname, contype, pg_get_constraintdef(oid), condeferrable,
  condeferred, convalidated, conenforced, conindid::regclass, obj_description(oid, 'pg_constraint'))
FROM pg_constraint WHERE connamespace = to_regnamespace(%(schema)s)"""
INDEXES = """
SELECT concat_ws(' | ', 'index', pg_get_indexdef(indexrelid), indisunique, indisprimary, indisexclusion, indimmediate,
  indisclustered, indisvalid, indisready, indisreplident, indnullsnotdistinct)
FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE relnamespace = to_regnamespace(%(schema)s)"""
POLICIES = """
SELECT concat_ws(' | ', 'policy', polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[],
  pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(p.oid, 'pg_policy'))
FROM pg_policy p JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = to_regnamespace(%(schema)s)"""
TRIGGERS = """
SELECT concat_ws(' | ', 'trigger', tgrelid::regclass, CASE WHEN tgisinternal THEN 'internal' ELSE pg_get_triggerdef(t.oid) END,
  tgenabled, tgdeferrable, tginitdeferred, tgfoid::regprocedure)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = to_regnamespace(%(schema)s)"""
FUNCTIONS = """
SELECT concat_ws(' | ', 'function', pg_get_functiondef(oid), proowner::regrole,
  (SELECT array_agg(acl::text ORDER BY acl::text) FROM unnest(proacl) acl), obj_description(oid, 'pg_proc'))
FROM pg_proc WHERE pronamespace = to_regnamespace(%(schema)s)"""
SEQUENCES = """
SELECT concat_ws(' | ', 'sequence', seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache,
  seqcycle, (SELECT concat(refobjid::regclass, ' ', refobjsubid, ' ', deptype) FROM pg_depend
    WHERE objid = seqrelid AND refclassid = 'pg_class'::regclass AND refobjsubid > 0))
FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid WHERE relnamespace = to_regnamespace(%(schema)s)"""
OTHERS = """
SELECT concat_ws(' | ', 'type', typname, typtype, typowner::regrole, typacl) FROM pg_type
  WHERE typnamespace = to_regnamespace(%(schema)s)
UNION ALL SELECT concat_ws(' | ', 'statistics', pg_get_statisticsobjdef(oid)) FROM pg_statistic_ext
  WHERE stxnamespace = to_regnamespace(%(schema)s)
UNION ALL SELECT concat_ws(' | ', 'parent', inhrelid::regclass, inhparent::regclass) FROM pg_inherits
  JOIN pg_class c ON c.oid = inhrelid WHERE relnamespace = to_regnamespace(%(schema)s)"""
ALL = (
    NAMESPACE,
    RELATIONS,
    COLUMNS,
    CONSTRAINTS,
    INDEXES,
    POLICIES,
    TRIGGERS,
    FUNCTIONS,
    SEQUENCES,
    OTHERS,
)


def catalogue(schema: str) -> list[str]:
    """Return a line for each thing of a schema, sorted."""
    lines: list[str] = []
    with as_owner() as owner, owner.cursor() as cursor:
        for query in ALL:
            cursor.execute(query, {"schema": schema})
            lines += [line for (line,) in cursor.fetchall()]
    return sorted(line.replace(f'"{schema}".', "").replace(f"{schema}.", "") for line in lines)


def records(schema: str) -> Any:
    """Return which migrations a schema has had, as (app, name), and at how many different times."""
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute(f'SELECT app, name, applied FROM "{schema}".django_migrations ORDER BY id')
        rows = cursor.fetchall()
    return [(app, name) for app, name, _ in rows], len({applied for *_, applied in rows})
