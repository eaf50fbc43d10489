"""Whatever shows a row by other means than its table: views, materialised views, functions, partitions."""

from miosa.pg.bootstrap import APP, OWNER, READER
from miosa.pg.catalogue.check import Check
from miosa.pg.catalogue.logins import OURS

# Functions that run as the owner of the tables, each with the reason why that opens nothing.
DEFINERS = {
    "enter_tenant": "sets the tenant of the transaction, reads one registry row and returns nothing",
    "tenant_by_id": "answers for one exact id",
    "tenant_by_slug": "answers for one exact slug",
    "person_by_email": "answers for one exact address",
    "person_by_identity": "answers for one exact account at an OpenID provider",
    "ask_as_reader": "asks as the reader, who sees the columns on offer of one tenant",
}
OUR_FUNCTIONS = """p.pronamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')"""
# One sets the path for its caller, which a path of its own would undo; every name in it is qualified instead. The other
# is its caller's path by intention: the text that is asked finds the tenant's tables by it.
FREE_PATHS = ("enter_tenant", "ask_as_reader")

MATERIALIZED = f"""
    SELECT c.oid::regclass::text, NOT has_any_column_privilege('{APP}', c.oid, 'SELECT') FROM pg_class c
    WHERE c.relkind = 'm' AND {OURS}
"""
VIEWS = f"""
    SELECT c.oid::regclass::text, 'security_invoker=true' = ANY (coalesce(c.reloptions, '{{}}'))
      OR 'security_barrier=true' = ANY (coalesce(c.reloptions, '{{}}')) AND pg_get_viewdef(c.oid) ~ 'app\\.tenant_id'
    FROM pg_class c WHERE c.relkind = 'v' AND {OURS} AND has_any_column_privilege('{APP}', c.oid, 'SELECT')
"""
KNOWN_DEFINERS = f"""
    SELECT p.oid::regprocedure::text, p.proname = ANY (%(known)s) FROM pg_proc p
    WHERE p.prosecdef AND {OUR_FUNCTIONS} AND has_function_privilege('{APP}', p.oid, 'EXECUTE')
"""
OWNERS_DEFINERS = f"""
    SELECT p.oid::regprocedure::text,
      p.proowner = CASE p.proname WHEN 'ask_as_reader' THEN '{READER}' ELSE '{OWNER}' END::regrole FROM pg_proc p
    WHERE p.prosecdef AND {OUR_FUNCTIONS}
"""
PINNED_DEFINERS = f"""
    SELECT p.oid::regprocedure::text, p.proname = ANY (%(free)s) OR EXISTS (
      SELECT FROM unnest(p.proconfig) setting WHERE starts_with(setting, 'search_path=')) FROM pg_proc p
    WHERE p.prosecdef AND {OUR_FUNCTIONS}
"""
PRIVATE_DEFINERS = f"""
    SELECT p.oid::regprocedure::text, p.proacl IS NOT NULL AND NOT EXISTS (
      SELECT FROM aclexplode(p.proacl) WHERE grantee = 0) FROM pg_proc p
    WHERE p.prosecdef AND {OUR_FUNCTIONS}
"""
# A parent's policies do not hold for who names the partition, and default privileges grant each new one.
PARTITIONS = f"""
    SELECT c.oid::regclass::text, NOT has_any_column_privilege('{APP}', c.oid, 'SELECT, INSERT, UPDATE')
      AND NOT has_table_privilege('{APP}', c.oid, 'DELETE')
      OR c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c WHERE c.relispartition AND c.relkind IN ('r', 'p', 'f')
    AND {OURS}
"""

CHECKS = (
    Check("materialised views are not readable", MATERIALIZED, "the application reads it past every policy"),
    Check("views lend no eyes", VIEWS, "the application reads it with its owner's eyes"),
    Check(
        "functions with the owner's rights are known",
        KNOWN_DEFINERS,
        "it has no place in DEFINERS",
        {"known": list(DEFINERS)},
    ),
    Check(
        "functions with rights belong to the owner",
        OWNERS_DEFINERS,
        f"it does not run as {OWNER}, or as {READER} where that is what it is for",
    ),
    Check(
        "functions with rights fix their path",
        PINNED_DEFINERS,
        "its caller chooses which tables it reads",
        {"free": list(FREE_PATHS)},
    ),
    Check("functions with rights are not everybody's", PRIVATE_DEFINERS, "PUBLIC may call it"),
    Check(
        "partitions are walled or out of reach",
        PARTITIONS,
        "the application reaches it by name, past its parent's policies",
        may_be_empty=True,
    ),
)
