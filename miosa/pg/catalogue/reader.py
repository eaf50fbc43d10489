"""The role that questions are asked as: it logs in nowhere, and reads rows of one pinned tenant and nothing else."""

from miosa.pg.bootstrap import READER
from miosa.pg.catalogue.check import Check
from miosa.pg.catalogue.logins import OURS

POLICY = "reader"  # what the policy of the role is called on every table that it reads
PIN = "public.reading"
PINNED = "(tenant_id = ( SELECT reading.tenant FROM reading WHERE (reading.xact = pg_current_xact_id_if_assigned())))"

NO_LOGIN = f"SELECT rolname, NOT rolcanlogin FROM pg_roles WHERE rolname = '{READER}'"
READ_PINNED = f"""
    SELECT c.oid::regclass::text, c.oid = '{PIN}'::regclass OR EXISTS (SELECT FROM pg_policy p
      WHERE p.polrelid = c.oid AND p.polname = '{POLICY}' AND p.polroles::regrole[]::text = '{{{READER}}}'
      AND p.polcmd = 'r' AND NOT p.polpermissive
      AND regexp_replace(pg_get_expr(p.polqual, c.oid), '\\s+', ' ', 'g') = %(form)s)
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS}
      AND has_any_column_privilege('{READER}', c.oid, 'SELECT')
"""
READ_ONLY = f"""
    SELECT c.oid::regclass::text, NOT has_any_column_privilege('{READER}', c.oid, 'INSERT, UPDATE, REFERENCES')
      AND NOT has_table_privilege('{READER}', c.oid, 'DELETE, TRUNCATE, TRIGGER, MAINTAIN')
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS}
"""
OWNS_THE_WAY_IN = f"""
    SELECT pg_describe_object(classid, objid, objsubid),
      classid = 'pg_proc'::regclass AND objid = to_regproc('public.ask_as_reader')
    FROM pg_shdepend WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass AND refobjid = '{READER}'::regrole
      AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""

CHECKS = (
    Check(
        "nobody logs in as the reader",
        NO_LOGIN,
        "it is a login: its own statements would be outside of the function",
    ),
    Check(
        "what the reader reads is pinned to a tenant",
        READ_PINNED,
        f"the reader reads it without the policy {POLICY} in its exact form",
        {"form": PINNED},
    ),
    Check("the reader only reads", READ_ONLY, "the reader may do more than read some of its columns"),
    Check("the reader owns its way in and nothing else", OWNS_THE_WAY_IN, "what it owns it can open"),
)
