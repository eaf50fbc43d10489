"""Tables that hold tenants' rows, wherever they lie: in `public`, in a tenant's own schema, as a partition."""

from miosa.pg.bootstrap import PLATFORM
from miosa.pg.catalogue.check import Check
from miosa.pg.catalogue.reader import POLICY

# Not among them: the host names of tenants, which belong to the registry; a temporary table is its session's own.
TENANT_TABLES = """
    SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND c.relname <> 'tenants_domain' AND c.relnamespace::regnamespace::text !~ '^pg_'
"""
# The sub-select makes an InitPlan of it: a plan that was made without a tenant may serve one with millions of rows.
INIT_PLAN = "(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS \"nullif\"))"

ROW_SECURITY = f"""
    SELECT t.name, c.relrowsecurity AND c.relforcerowsecurity FROM ({TENANT_TABLES}) t JOIN pg_class c USING (oid)
"""
TWO_POLICIES = f"""
    SELECT t.name, (SELECT array_agg(polname::text ORDER BY polname) FROM pg_policy WHERE polrelid = t.oid
        AND NOT (polname = '{POLICY}' AND NOT polpermissive))
      IS NOT DISTINCT FROM ARRAY['platform', 'tenant_isolation'] FROM ({TENANT_TABLES}) t
"""
PLATFORM_POLICY = f"""
    SELECT t.name, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'platform'
      AND p.polroles::regrole[]::text = '{{{PLATFORM}}}' AND p.polcmd = '*' AND p.polpermissive
      AND pg_get_expr(p.polqual, t.oid) = 'true' AND pg_get_expr(p.polwithcheck, t.oid) = 'true')
    FROM ({TENANT_TABLES}) t
"""
TENANT_POLICY = f"""
    SELECT t.name, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND p.polname = 'tenant_isolation'
      AND p.polroles = '{{0}}' AND p.polcmd = '*' AND p.polpermissive
      AND pg_get_expr(p.polqual, t.oid) = %(form)s AND pg_get_expr(p.polwithcheck, t.oid) = %(form)s)
    FROM ({TENANT_TABLES}) t
"""
NOT_NULL = f"""
    SELECT t.name, a.attnotnull FROM ({TENANT_TABLES}) t
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id'
"""
TOGETHER = f"""
    SELECT t.name, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid AND i.indisunique AND i.indpred IS NULL
      AND (SELECT array_agg(a.attname::text ORDER BY k.place) FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) = ARRAY['tenant_id', 'id'])
    FROM ({TENANT_TABLES}) t
"""
UNIQUE = f"""
    SELECT i.indexrelid::regclass::text, i.indkey[0] = a.attnum FROM ({TENANT_TABLES}) t
    JOIN pg_index i ON i.indrelid = t.oid AND (i.indisunique OR i.indisexclusion) AND NOT i.indisprimary
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id'
"""
# The platform's jobs look for work of all tenants: these hold only rows that are waiting.
PLATFORMS_INDEXES = {
    "steps_ready": "beat rings for due steps of all tenants",
    "steps_leased": "beat finds the steps of dead workers of all tenants",
    "lessons_queued": "beat rings for lessons of all tenants",
    "memories_expire": "beat sweeps expired memories of all tenants",
    "schedules_due": "beat rings for due schedules of all tenants",
    "proposals_due": "beat rings for proposals of all tenants",
    "judgements_queued": "beat rings for answers of all tenants that wait for a judge",
    "deployments_due": "beat rings for due deployments of all tenants",
    "services_to_probe": "beat looks at the health of services of all tenants",
    "services_by_external_id": "a target's hint names its service, whoever's it is",
    "sandbox_runs_open": "beat rings for runs of code of all tenants that wait or lost their worker",
    "grants_to_expire": "the sweep ends the credit of all tenants that is over",
    "warnings_to_mail": "letters of all tenants that wait",
    "approvals_to_mail": "letters of all tenants that wait",
    "changes_to_mail": "letters of all tenants that wait",
    "meter_events_to_send": "usage of all tenants on its way to the payment service",
    "held_reservations": "the sweep frees expired reservations of all tenants",
}
# Besides: an index over vectors cannot hold the tenant, and one that serves a single foreign key finds at most the
# rows of one other row, which are one tenant's (or, for a person, what deleting that person touches).
TENANT_FIRST = f"""
    SELECT i.indexrelid::regclass::text, i.indkey[0] = a.attnum
      OR m.amname IN ('hnsw', 'ivfflat')
      OR i.indnkeyatts = 1 AND EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'f'
           AND i.indkey[0] = ANY (k.conkey))
      OR i.indpred IS NOT NULL AND (c.relname = ANY (%(platforms)s) OR c.relname ~ '_idx[0-9]*$')
    FROM ({TENANT_TABLES}) t JOIN pg_index i ON i.indrelid = t.oid AND NOT i.indisprimary
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = 'tenant_id'
"""
COMPOSITE = f"""
    WITH tables AS ({TENANT_TABLES}) SELECT k.conrelid::regclass || '.' || k.conname, EXISTS (
      SELECT FROM unnest(k.conkey, k.confkey) pair(here, there)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = here AND a.attname = 'tenant_id'
      JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = there AND b.attname = 'tenant_id')
    FROM pg_constraint k WHERE k.contype = 'f'
    AND k.conrelid IN (SELECT oid FROM tables) AND k.confrelid IN (SELECT oid FROM tables)
"""
NO_SEQUENCE = f"""
    SELECT t.name, NOT EXISTS (SELECT FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
      WHERE d.refobjid = t.oid) FROM ({TENANT_TABLES}) t
"""

CHECKS = (
    Check(
        "row security is enabled and forced",
        ROW_SECURITY,
        "row security is not enabled, or not for the owner",
    ),
    Check("two policies and no third", TWO_POLICIES, "its policies are not platform and tenant_isolation"),
    Check("the platform's policy", PLATFORM_POLICY, f"its policy platform is not one for {PLATFORM} alone"),
    Check(
        "the tenant's policy in its InitPlan form",
        TENANT_POLICY,
        "its policy tenant_isolation does not compare tenant_id with (SELECT current_setting(...))",
        {"form": INIT_PLAN},
    ),
    Check("nothing is counted outside of rows", NO_SEQUENCE, "its sequence counts the rows of all tenants"),
    Check("every row has a tenant", NOT_NULL, "tenant_id may be null"),
    Check("(tenant_id, id) is unique", TOGETHER, "no foreign key can name a row together with its tenant"),
    Check(
        "uniqueness ends at the tenant", UNIQUE, "it is unique over all tenants: it tells what others have"
    ),
    Check(
        "indexes start with the tenant",
        TENANT_FIRST,
        "it does not start with tenant_id and is no known exception",
        {"platforms": list(PLATFORMS_INDEXES)},
    ),
    Check(
        "foreign keys hold the tenant",
        COMPOSITE,
        "it names a row without its tenant: it accepts a foreign one",
    ),
)
