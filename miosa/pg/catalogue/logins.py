"""The logins: what they are, what they may become, and which rights they hold."""

from miosa.pg.bootstrap import APP, OWNER, PLATFORM, READER
from miosa.pg.catalogue.check import Check

# Relations of ours: not PostgreSQL's own, and not those that came with an extension.
OURS = """c.relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"""

MIGRATIONS = "django_migrations"  # also in the schema of each tenant that has one of its own
# What the application reads although no row of it belongs to a tenant, and why that tells nothing.
READABLE = {
    MIGRATIONS: "which migrations ran",
    "django_content_type": "the names of the models",
    "auth_permission": "the names of the admin's permissions",
    "tenants_signingkey": "verifies and signs access tokens of every tenant; the private half is sealed",
    "routing_pooledcell": "how often models were right in each kind of task, summed over all who agreed",
    "billing_planterms": "what each plan allows, the same for all",
    "billing_planprice": "what each plan costs, the same for all",
    "billing_rate": "what a unit of use costs, the same for all",
    "stats.refreshed": "when the statistics were made",
}

NOT_MIGHTY = f"""
    SELECT rolname, NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication) FROM pg_roles
    WHERE rolname IN ('{OWNER}', '{APP}', '{PLATFORM}', '{READER}')
"""
MEMBER_OF_NOTHING = f"""
    SELECT rolname, NOT EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) FROM pg_roles r
    WHERE rolname IN ('{APP}', '{PLATFORM}', '{READER}')
"""
NOBODYS_MEMBER = f"""
    SELECT member::regrole || ' in ' || roleid::regrole, NOT inherit_option AND member = '{OWNER}'::regrole
    FROM pg_auth_members WHERE roleid IN ('{PLATFORM}'::regrole, '{READER}'::regrole)
      AND NOT EXISTS (SELECT FROM pg_roles WHERE oid = member AND (rolsuper OR rolcreaterole))
"""
OWNER_OF_NOTHING = f"""
    SELECT rolname, NOT EXISTS (SELECT FROM pg_class WHERE relowner = r.oid AND relpersistence <> 't')
      AND NOT EXISTS (SELECT FROM pg_proc p WHERE p.proowner = r.oid AND p.pronamespace::regnamespace::text !~ '^pg_')
      AND NOT EXISTS (SELECT FROM pg_namespace n WHERE n.nspowner = r.oid AND n.nspname !~ '^pg_')
    FROM pg_roles r WHERE rolname = '{APP}'
"""
CREATOR_OF_NOTHING = f"""
    SELECT nspname, NOT has_schema_privilege('{APP}', oid, 'CREATE') FROM pg_namespace
    WHERE nspname !~ '^(pg_toast|pg_temp|pg_catalog|information_schema)'
"""
NO_MORE_THAN_ROWS = f"""
    SELECT c.oid::regclass::text, NOT has_table_privilege('{APP}', c.oid, 'TRUNCATE, REFERENCES, TRIGGER, MAINTAIN')
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS}
"""
NOTHING_FOR_EVERYBODY = f"""
    SELECT c.oid::regclass::text, NOT EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = 0)
    FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {OURS}
"""
WALLED_OR_KNOWN = f"""
    SELECT c.oid::regclass::text, c.relrowsecurity OR c.oid::regclass::text = ANY (%(known)s)
      OR c.relname = '{MIGRATIONS}' FROM pg_class c
    WHERE c.relkind IN ('r', 'p', 'f') AND {OURS} AND has_any_column_privilege('{APP}', c.oid, 'SELECT')
"""

CHECKS = (
    Check("logins are not mighty", NOT_MIGHTY, "it is superuser, bypasses row security, or makes roles"),
    Check("logins are members of nothing", MEMBER_OF_NOTHING, "it can become another role"),
    Check(
        "only the owner may become the platform or the reader",
        NOBODYS_MEMBER,
        "it may become what it is a member of",
        may_be_empty=True,
    ),
    Check("the application owns nothing", OWNER_OF_NOTHING, "what it owns it can open"),
    Check("the application creates nothing", CREATOR_OF_NOTHING, "the application may create in this schema"),
    Check(
        "the application has rights to rows only",
        NO_MORE_THAN_ROWS,
        "the application may truncate it, refer to it or hang triggers on it",
    ),
    Check("nothing is granted to everybody", NOTHING_FOR_EVERYBODY, "it is granted to PUBLIC"),
    Check(
        "what the application reads is walled or known",
        WALLED_OR_KNOWN,
        "the application reads it, and it has no row security and no place in READABLE",
        {"known": list(READABLE)},
    ),
)
