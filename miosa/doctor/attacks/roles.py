"""The login itself: becoming somebody else, taking the wall down, or leaving the database by its back doors."""

from collections.abc import Iterator

from agents.models import Execution
from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.statements import tried
from miosa.pg.bootstrap import APP, OWNER, PLATFORM

SURFACE = "roles"
OTHER_ROLES = "SELECT rolname::text FROM pg_roles WHERE rolname <> current_user AND rolcanlogin ORDER BY 1"
BACK_DOORS = ("dblink", "postgres_fdw", "file_fdw", "adminpack", "plpython3u", "plperlu")
FILE = "/etc/hostname"  # there on every Linux, and nothing secret in it
# Not refused as such; what they may not do is show anything.
OTHERS_ACTIVITY = """
    SELECT 1 FROM pg_stat_activity WHERE usename <> current_user AND query <> ''
    AND query NOT LIKE '<insufficient privilege>%%' LIMIT 1
"""


def attacks(ground: Ground) -> Found:
    """Send each; what is not refused is a leak, and so is a row in the answer of what may be sent."""
    own = ground.attacker.tenant
    for name, sql in (*_becoming(ground), *_taking_down(ground.table(Execution)), *_making(), *_leaving()):
        answer = tried(sql, tenant=own)
        if answer.hollow:
            yield Missed(SURFACE, APP, f"{name}: {answer.detail}")
        else:
            yield Attack(SURFACE, APP, name, not answer.refused, answer.detail)
    for name, first, sql in _looking(ground.table(Execution)):
        answer = tried(sql, tenant=own, first=[(one, None) for one in first])
        yield Attack(SURFACE, APP, name, bool(answer.rows), answer.detail)


def _becoming(ground: Ground) -> Iterator[tuple[str, str]]:
    for (role,) in tried(OTHER_ROLES, tenant=ground.attacker.tenant).rows:
        yield f"set role {role}", f'SET LOCAL ROLE "{role}"'
        yield f"set session authorization {role}", f'SET LOCAL SESSION AUTHORIZATION "{role}"'
    for power in ("SUPERUSER", "BYPASSRLS", "CREATEROLE", "REPLICATION", "CREATEDB"):
        yield f"alter role {power.lower()}", f"ALTER ROLE {APP} {power}"
    yield "change the platform's password", f"ALTER ROLE {PLATFORM} PASSWORD 'doctor'"
    yield "change the owner's password", f"ALTER ROLE {OWNER} PASSWORD 'doctor'"
    yield "grant itself the platform", f"GRANT {PLATFORM} TO {APP}"
    yield "grant itself the owner", f"GRANT {OWNER} TO {APP}"
    yield "grant itself reading everything", f"GRANT pg_read_all_data TO {APP}"
    yield "create a role", "CREATE ROLE doctor_was_here"


def _taking_down(table: str) -> Iterator[tuple[str, str]]:
    for words in (
        "DISABLE ROW LEVEL SECURITY",
        "NO FORCE ROW LEVEL SECURITY",
        f"OWNER TO {APP}",
        "ALTER COLUMN tenant_id DROP NOT NULL",
        "DISABLE TRIGGER ALL",
    ):
        yield f"alter table {words.lower()}", f"ALTER TABLE {table} {words}"
    yield "drop policy", f"DROP POLICY tenant_isolation ON {table}"
    yield "alter policy", f"ALTER POLICY tenant_isolation ON {table} USING (true)"
    yield "create policy", f"CREATE POLICY doctor ON {table} USING (true)"
    yield (
        "create trigger",
        (
            f"CREATE TRIGGER doctor BEFORE UPDATE ON {table} FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        ),
    )
    yield "create rule", f"CREATE RULE doctor AS ON DELETE TO {table} DO INSTEAD NOTHING"
    yield "truncate the migrations", "TRUNCATE public.django_migrations"
    yield "switch triggers off", "SET LOCAL session_replication_role = 'replica'"
    yield "alter the entry", "ALTER FUNCTION public.enter_tenant(uuid) SECURITY INVOKER"


def _making() -> Iterator[tuple[str, str]]:
    yield "create table", "CREATE TABLE public.doctor_was_here (a int)"
    yield "create view", "CREATE VIEW public.doctor_was_here AS SELECT 1"
    yield "create table in stats", "CREATE TABLE stats.doctor_was_here (a int)"
    yield "create schema", "CREATE SCHEMA doctor_was_here"
    yield (
        "create function",
        ("CREATE FUNCTION public.doctor_was_here() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"),
    )
    yield (
        "replace the entry",
        ("CREATE OR REPLACE FUNCTION public.enter_tenant(wanted uuid) RETURNS void LANGUAGE sql AS 'SELECT'"),
    )
    yield "create publication", "CREATE PUBLICATION doctor_was_here FOR ALL TABLES"
    yield (
        "create event trigger",
        (
            "CREATE EVENT TRIGGER doctor_was_here ON ddl_command_end EXECUTE FUNCTION event_trigger_is_no_function()"
        ),
    )


def _leaving() -> Iterator[tuple[str, str]]:
    for name in BACK_DOORS:
        yield f"create extension {name}", f"CREATE EXTENSION {name}"
    yield "copy to program", "COPY (SELECT 1) TO PROGRAM 'true'"
    yield "copy from program", "COPY public.django_content_type FROM PROGRAM 'true'"
    yield "copy to a file", "COPY (SELECT 1) TO '/dev/null'"
    yield "copy from a file", f"COPY public.django_content_type FROM '{FILE}'"
    yield "read a file", f"SELECT pg_read_file('{FILE}')"
    yield "read a binary file", f"SELECT pg_read_binary_file('{FILE}')"
    yield "list a folder", "SELECT pg_ls_dir('.')"
    yield "list the logs", "SELECT pg_ls_logdir()"
    yield "import a file", f"SELECT lo_import('{FILE}')"
    yield "reload the configuration", "SELECT pg_reload_conf()"
    yield "read the passwords", "SELECT rolpassword FROM pg_authid"
    yield "read the access rules", "SELECT * FROM pg_hba_file_rules"
    yield "load a library", "LOAD 'doctor_was_here'"


def _looking(table: str) -> Iterator[tuple[str, list[str], str]]:
    """What is allowed to be sent, and has to show nothing."""
    yield "row security switched off", ["SET LOCAL row_security = off"], f"SELECT 1 FROM {table} LIMIT 1"
    # A grant of what one does not hold is answered with a warning.
    yield (
        "grant to everybody",
        [f"GRANT ALL ON {table} TO PUBLIC"],
        (f"SELECT 1 FROM pg_class c, aclexplode(c.relacl) WHERE c.oid = '{table}'::regclass AND grantee = 0"),
    )
    yield "queries of other logins", [], OTHERS_ACTIVITY.replace("%%", "%")
    yield (
        "statements of other logins",
        [],
        (
            "SELECT 1 FROM pg_stat_get_activity(NULL) WHERE usesysid <> current_user::regrole AND query <> ''"
            " AND query NOT LIKE '<insufficient privilege>%' LIMIT 1"
        ),
    )
    yield (
        "large objects of others",
        [],
        (
            "SELECT 1 FROM pg_largeobject_metadata WHERE lomowner <> current_user::regrole"
            " AND has_largeobject_privilege(oid, 'SELECT') LIMIT 1"
        ),
    )
    yield (
        "prepared transactions of others",
        [],
        "SELECT 1 FROM pg_prepared_xacts WHERE owner <> current_user LIMIT 1",
    )
