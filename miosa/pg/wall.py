"""Whether the wall between tenants stands: what the logins may do, and which tables are open to the application.

Asked once before requests are served; it costs one connection and three statements.
"""

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import Connection

from miosa.pg.bootstrap import CONNECT_TIMEOUT_S, READER, DatabaseRefused

# Rights that step over policies, or make a login that does.
LOGINS = """
SELECT rolname::text,
  array_remove(ARRAY[CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
    CASE WHEN rolcreaterole THEN 'CREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' END,
    CASE WHEN rolreplication THEN 'REPLICATION' END], NULL),
  ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid)
FROM pg_roles r WHERE rolname = ANY(%s) ORDER BY 1"""

OWNED = """
SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refclassid = 'pg_authid'::regclass
  AND refobjid = current_user::regrole AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"""

# The registry's own row security is not forced: the functions that let people in run as its owner.
REGISTRY = "tenants_domain"
OPEN = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
  AND c.relname <> %s AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')
ORDER BY 1"""


def refuse_open_wall(app_url: str, *, platform_url: str) -> None:
    """Raise DatabaseRefused, one line that says what to do, unless the wall between tenants stands."""
    if faults := wall_faults(app_url, platform_url=platform_url):
        raise DatabaseRefused(f"The wall between tenants does not stand: {'; '.join(faults)}.")


def wall_faults(app_url: str, *, platform_url: str) -> list[str]:
    """Return what is wrong with the logins and tables, each with its remedy; raise DatabaseRefused where nobody answers."""
    names = [unquote(urlsplit(url).username or "") for url in (app_url, platform_url)]
    try:
        with psycopg.connect(
            app_url, connect_timeout=CONNECT_TIMEOUT_S, prepare_threshold=None
        ) as connection:
            return [*_mighty(connection, [*names, READER]), *_owning(connection), *_open(connection)]
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseRefused(f"The database cannot be asked about its logins: {reason}") from None


def _mighty(connection: Connection, names: list[str]) -> Iterator[str]:
    for role, rights, groups in connection.execute(LOGINS, [names]):
        if rights:
            yield f"{role} has {', '.join(rights)}: ALTER ROLE {role} {' '.join(f'NO{right}' for right in rights)}"
        if groups:
            yield f"{role} is a member of {', '.join(groups)}: REVOKE {', '.join(groups)} FROM {role}"


def _owning(connection: Connection) -> Iterator[str]:
    found = connection.execute(OWNED).fetchone()
    if found and found[0]:
        name = connection.info.user
        yield f"{name} owns {found[0]} objects, and an owner may take the wall down: REASSIGN OWNED BY {name} TO miosa_owner"


def _open(connection: Connection) -> Iterator[str]:
    if names := [name for (name,) in connection.execute(OPEN, [REGISTRY])]:
        yield f"{', '.join(names)} can be read across tenants: ALTER TABLE ... ENABLE and FORCE ROW LEVEL SECURITY"
