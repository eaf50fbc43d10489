"""By no statement does the application become another login, or see what the wall hides from it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from psycopg import errors

from miosa.environment import environment
from miosa.testing.fixtures import open_tenant

NOT_THE_OWNER = "CREATE FUNCTION pg_temp.climb() RETURNS name LANGUAGE {} AS $$ {} $$"
REFUSED = [
    "SET ROLE miosa_platform",
    "SET ROLE miosa_reader",
    "SET LOCAL ROLE miosa_owner",
    "SET ROLE postgres",
    "SELECT set_config('role', 'miosa_platform', false)",
    "SET SESSION AUTHORIZATION miosa_platform",
    "SELECT set_config('session_authorization', 'miosa_platform', true)",
    "DO $$ BEGIN SET LOCAL ROLE miosa_platform; END $$",
    "DO $$ BEGIN EXECUTE 'SET ROLE miosa_owner'; END $$",
    "DO $$ BEGIN PERFORM set_config('role', 'miosa_platform', true); END $$",
    NOT_THE_OWNER.format("plpgsql", "BEGIN SET LOCAL ROLE miosa_platform; RETURN current_user; END")
    + "; SELECT pg_temp.climb()",
    NOT_THE_OWNER.format("sql", "SELECT current_user").replace(" AS ", " SET role = miosa_platform AS ")
    + "; SELECT pg_temp.climb()",
    NOT_THE_OWNER.format("sql", "SELECT current_user")
    + "; ALTER FUNCTION pg_temp.climb() OWNER TO miosa_platform",
    "CREATE FUNCTION public.climb() RETURNS name LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user'",
    "CREATE OR REPLACE FUNCTION public.enter_tenant(wanted uuid) RETURNS void LANGUAGE sql AS 'SELECT'",
    "ALTER FUNCTION public.enter_tenant(uuid) OWNER TO miosa_app",
    "GRANT miosa_platform TO miosa_app",
    "GRANT miosa_owner TO miosa_app WITH INHERIT TRUE",
    "GRANT pg_read_all_data TO miosa_app",
    "CREATE ROLE climber IN ROLE miosa_platform",
    "CREATE USER climber SUPERUSER",
    "ALTER ROLE miosa_app BYPASSRLS",
    "ALTER ROLE miosa_app SUPERUSER",
    "ALTER ROLE miosa_app CREATEROLE",
    "ALTER ROLE miosa_platform PASSWORD 'known'",
    "ALTER ROLE miosa_platform SET app.tenant_id = 'x'",
    "ALTER DATABASE miosa OWNER TO miosa_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE miosa_owner GRANT ALL ON TABLES TO miosa_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE miosa_platform GRANT ALL ON TABLES TO PUBLIC",
    "REASSIGN OWNED BY miosa_owner TO miosa_app",
    "DROP OWNED BY miosa_platform",
    "ALTER TABLE tenants_membership OWNER TO miosa_app",
    "ALTER TABLE tenants_membership DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE tenants_membership NO FORCE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON tenants_membership USING (true)",
    "ALTER POLICY platform ON tenants_membership TO PUBLIC",
    "DROP POLICY tenant_isolation ON tenants_membership",
    "CREATE TRIGGER mine BEFORE INSERT ON tenants_membership FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON SELECT TO tenants_membership DO INSTEAD SELECT 1",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE TABLE public.mine ()",
    "CREATE SCHEMA mine",
    "CREATE EXTENSION postgres_fdw",
    "CREATE EXTENSION dblink",
    "CREATE LANGUAGE plpython3u",
    "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION pg_catalog.event_trigger_in()",
    "CREATE PUBLICATION mine FOR ALL TABLES",
    "CREATE SUBSCRIPTION mine CONNECTION 'host=127.0.0.1' PUBLICATION mine",
    "SET session_replication_role = 'replica'",
    "SET row_security = off; SELECT * FROM tenants_membership",
    "ALTER SYSTEM SET row_security = off",
    "LOAD 'auto_explain'",
    "COPY tenants_membership TO PROGRAM 'true'",
    "COPY tenants_membership TO '/tmp/rows'",
    "COPY (SELECT 1) TO '/tmp/rows'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT rolpassword FROM pg_authid",
    "SELECT * FROM pg_statistic",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "SELECT * FROM stats.agent_performance_of_all",
    "SELECT * FROM tenants_platformauditentry",
    "CREATE INDEX ON tenants_membership ((role || current_user))",
]
# What everybody may do and what leads nowhere: afterwards the application is still itself.
HARMLESS = [
    "GRANT SELECT ON tenants_platformauditentry TO miosa_app",  # a warning: nothing was granted, as read above
    "RESET ROLE",
    "SET ROLE NONE",
    "RESET SESSION AUTHORIZATION",
    "DISCARD ALL",
    "SET row_security = on",
    NOT_THE_OWNER.format("sql", "SELECT current_user").replace(" AS ", " SECURITY DEFINER AS ")
    + "; SELECT pg_temp.climb()",
    "CREATE TEMP VIEW mine AS SELECT * FROM public.tenants_membership; SELECT * FROM mine",
    "PREPARE mine AS SELECT * FROM public.tenants_membership; EXECUTE mine",
    "DECLARE mine CURSOR WITH HOLD FOR SELECT * FROM public.tenants_membership; FETCH ALL FROM mine",
    "SET app.tenant_id = ''; SELECT * FROM tenants_membership",
    "SELECT * FROM pg_stats WHERE tablename = 'tenants_membership'",
]
SHADOW = """
CREATE TEMP TABLE tenants_tenant (id uuid, isolation text, schema_name text);
INSERT INTO tenants_tenant SELECT '{tenant}', 'silo', 'stats';
CREATE FUNCTION pg_temp.hashtext(text) RETURNS int LANGUAGE sql AS 'SELECT 1'"""


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Two tenants with a membership each, which nobody may see who has not entered."""
    with django_db_blocker.unblock():
        for slug in ("acme", "globex"):
            open_tenant(slug)
    yield
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE tenants_tenant, tenants_user CASCADE")
        connection.close()


@pytest.fixture
def app(rows: None) -> Iterator[psycopg.Connection[Any]]:
    """The application's login in the test database, with no tenant entered."""
    place = urlsplit(environment().database_url)._replace(path=f"/{connection.settings_dict['NAME']}")
    with psycopg.connect(place.geturl(), autocommit=True) as made:
        yield made


def is_itself(app: psycopg.Connection[Any]) -> bool:
    """Say whether the login is still the application's, and sees nobody's rows."""
    who = app.execute("SELECT current_user::text, session_user::text").fetchone()
    return who == ("miosa_app", "miosa_app") and seen(app) == 0


def seen(app: psycopg.Connection[Any]) -> int:
    """Count the memberships that the login sees."""
    [found] = app.execute("SELECT count(*) FROM public.tenants_membership").fetchone() or (None,)
    return int(found)


@pytest.mark.parametrize("statement", REFUSED)
def test_it_is_refused(app, statement):
    """The server says no, and the login is what it was: in a transaction and outside one."""
    with pytest.raises(psycopg.Error) as outside:
        app.execute(statement)
    app.execute("RESET ALL")
    with pytest.raises(psycopg.Error), app.transaction():
        app.execute(statement)
    assert not isinstance(outside.value, (errors.SyntaxError, errors.UndefinedTable, errors.UndefinedColumn))
    app.execute("RESET ALL")
    assert is_itself(app)


@pytest.mark.parametrize("statement", HARMLESS)
def test_it_leads_nowhere(app, statement):
    """The server does it, no foreign row is returned, and the login is what it was."""
    app.execute("BEGIN") if "CURSOR" in statement else None
    cursor = app.execute(statement)
    rows: list[Any] = []
    while True:
        rows += cursor.fetchall() if cursor.description else []
        if not cursor.nextset():
            break
    assert rows in ([], [("miosa_app",)])
    app.execute("COMMIT") if "CURSOR" in statement else None
    assert is_itself(app)


def test_a_default_role_does_not_take(app):
    """A login may set its own defaults; a role it is no member of is not taken at the next login."""
    try:
        app.execute("ALTER ROLE miosa_app SET role = 'miosa_platform'")
        with psycopg.connect(app.info.dsn, password=app.info.password, autocommit=True) as next_one:
            assert is_itself(next_one)
    except errors.InsufficientPrivilege:
        assert is_itself(app)
    finally:
        app.execute("ALTER ROLE miosa_app RESET role")


def test_names_of_its_own_do_not_mislead_the_entry(app):
    """Temporary tables and functions named like what `enter_tenant` uses are passed over."""
    [tenant] = app.execute("SELECT id FROM public.tenant_by_slug('acme')").fetchone()
    for statement in SHADOW.format(tenant=tenant).split(";"):
        app.execute(statement)
    with app.transaction():
        app.execute("SELECT public.enter_tenant(%s)", [tenant])
        assert app.execute("SHOW search_path").fetchone() == ("public",)
        assert seen(app) == 1
    assert is_itself(app)


def test_what_runs_as_somebody_else_belongs_to_the_owner(app):
    """Each function that runs as its owner is the owner's or the reader's, no superuser, and open to our logins alone."""
    found = app.execute(
        "SELECT p.proname, p.proowner::regrole::text, coalesce(p.proacl::text, '{=X') FROM pg_proc p"
        " WHERE p.prosecdef AND p.pronamespace <> 'pg_catalog'::regnamespace"
    ).fetchall()
    assert "enter_tenant" in {name for name, _, _ in found}
    assert {owner for _, owner, _ in found} == {"miosa_owner", "miosa_reader"}
    assert [name for name, owner, _ in found if owner == "miosa_reader"] == ["ask_as_reader"]
    assert [name for name, _, rights in found if rights.startswith("{=X") or ",=X" in rights] == []
