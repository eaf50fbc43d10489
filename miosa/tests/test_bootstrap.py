"""One administrative login becomes three, on any server that can carry the wall between tenants."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors

from miosa.embedded import services
from miosa.pg.bootstrap import bootstrap, derive
from miosa.tests.bare_machine import BareMachine, bare_machine


@pytest.fixture(scope="module")
def machine() -> Iterator[BareMachine]:
    """A machine with an embedded server, to which nobody else is connected."""
    with bare_machine() as machine:
        services.ensure(machine.environment(), need={"database"})
        yield machine


@pytest.fixture
def admin_url(machine: BareMachine) -> str:
    """The superuser's URL of that server."""
    return machine.record("database").url


def run(url: str, *statements: str) -> object:
    """Run statements in autocommit and return the last one's first value."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]


def on(url: str, database: str) -> str:
    """Return the URL of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def test_each_login_is_itself(admin_url):
    """Three roles, one database, and none of them is a superuser or steps over policies."""
    logins = bootstrap(admin_url)
    for url, role in (
        (logins.owner_url, "owner"),
        (logins.app_url, "app"),
        (logins.platform_url, "platform"),
    ):
        assert run(url, "SELECT current_user") == f"miosa_{role}"
        assert run(url, "SELECT current_database()") == "miosa"
        mighty = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication FROM pg_roles"
        assert run(url, f"{mighty} WHERE rolname = current_user") is False


def test_the_application_changes_rows_but_nothing_else(admin_url):
    """What the owner makes, the application may read and write; it may not empty, alter, create or become."""
    logins = bootstrap(admin_url)
    run(logins.owner_url, "DROP TABLE IF EXISTS thing", "CREATE TABLE thing (id serial, name text)")
    assert run(logins.app_url, "INSERT INTO thing (name) VALUES ('a') RETURNING id") == 1
    assert run(logins.platform_url, "UPDATE thing SET name = 'b' RETURNING name") == "b"
    for statement in (
        "TRUNCATE thing", "ALTER TABLE thing DISABLE ROW LEVEL SECURITY", "DROP TABLE thing", "CREATE TABLE other ()",
        "CREATE SCHEMA other", "SET ROLE miosa_platform", "SET ROLE miosa_owner", "SET ROLE miosa_reader",
        "CREATE DATABASE other", "COPY thing FROM PROGRAM 'true'",
    ):  # fmt: skip
        with pytest.raises(errors.InsufficientPrivilege):
            run(logins.app_url, statement)


def test_new_schemas_open_to_application_and_platform(admin_url):
    """A siloed tenant's schema needs no grant of its own."""
    logins = bootstrap(admin_url)
    run(
        logins.owner_url,
        "DROP SCHEMA IF EXISTS silo CASCADE",
        "CREATE SCHEMA silo",
        "CREATE TABLE silo.thing (id int)",
    )
    assert run(logins.app_url, "INSERT INTO silo.thing VALUES (3) RETURNING id") == 3


def test_the_owner_may_become_the_platform_but_does_not_inherit_it(admin_url):
    """Policies for the platform role do not apply to the owner; views it makes for the platform can be handed over."""
    logins = bootstrap(admin_url)
    assert run(logins.owner_url, "SELECT pg_has_role('miosa_reader', 'USAGE')") is False
    assert run(logins.owner_url, "SET ROLE miosa_reader", "SELECT current_user") == "miosa_reader"
    assert run(logins.owner_url, "SELECT pg_has_role('miosa_platform', 'USAGE')") is False
    assert run(logins.owner_url, "SET ROLE miosa_platform", "SELECT current_user") == "miosa_platform"
    run(logins.owner_url, "DROP SCHEMA IF EXISTS stats", "CREATE SCHEMA stats AUTHORIZATION miosa_platform")


def test_test_databases_are_furnished_too(admin_url):
    """What the owner creates from the template has pgvector and the default rights."""
    logins = bootstrap(admin_url)
    run(logins.owner_url, "DROP DATABASE IF EXISTS test_it", "CREATE DATABASE test_it")
    run(on(logins.owner_url, "test_it"), "CREATE TABLE thing (at halfvec(3))")
    app = on(logins.app_url, "test_it")
    assert run(app, "INSERT INTO thing VALUES ('[1,2,3]') RETURNING at") == "[1,2,3]"
    run(logins.owner_url, "DROP DATABASE test_it")


def test_twice_is_once_and_a_changed_password_is_repaired(admin_url):
    """The second call finds everything done; a login that was changed by hand gets its password back."""
    logins = bootstrap(admin_url)
    assert vars(bootstrap(admin_url)) == vars(logins)
    run(admin_url, "ALTER ROLE miosa_app PASSWORD 'other'")
    with pytest.raises(psycopg.OperationalError):
        run(logins.app_url, "SELECT 1")
    bootstrap(admin_url)
    assert run(logins.app_url, "SELECT 1") == 1


def test_racing_processes_do_not_disturb_each_other(admin_url):
    """Six at once on a new database: it is made once and nobody fails."""
    url = on(admin_url, "raced")
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: vars(bootstrap(url)), range(6)))
    assert answers == answers[:1] * 6
    assert run(bootstrap(url).app_url, "SELECT current_database()") == "raced"


def test_the_database_is_named_by_the_url():
    """`postgres` or nothing means `miosa`; any other name is used, quoted where need be."""
    for path, name in (
        ("", "miosa"),
        ("/", "miosa"),
        ("/postgres", "miosa"),
        ("/shop", "shop"),
        ("/a%20b", "a%20b"),
    ):
        url = urlsplit(derive(f"postgresql://root:pw@db:5433{path}?sslmode=require").app_url)
        assert (url.path, url.query, url.port) == (f"/{name}", "sslmode=require", 5433)


def test_a_name_that_needs_quotes_is_quoted(admin_url):
    """No name becomes SQL."""
    odd = 'odd"; DROP ROLE miosa_app; --'
    url = urlsplit(admin_url)._replace(path="/odd%22%3B%20DROP%20ROLE%20miosa_app%3B%20--").geturl()
    assert run(bootstrap(url).app_url, "SELECT current_database()") == odd


def test_derived_passwords_differ_and_are_repeatable():
    """Each login has its own; the same administrator's password gives the same ones, another one others."""
    first, again, other = (derive(f"postgresql://root:{secret}@db/miosa") for secret in ("one", "one", "two"))
    assert vars(first) == vars(again)
    passwords = {urlsplit(url).password for login in (first, other) for url in vars(login).values()}
    assert len(passwords) == 6
    assert "one" not in repr(first)


def test_no_password_reaches_the_servers_log(machine, admin_url):
    """Even a server that logs every statement never sees a password in clear."""
    run(admin_url, "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    logins = bootstrap(on(admin_url, "logged"))
    run(admin_url, "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
    log = (machine.state.log / "database.log").read_text()
    assert "ALTER ROLE" in log
    assert not [url for url in vars(logins).values() if (urlsplit(url).password or "") in log]


def test_an_administrator_without_superuser_is_enough(admin_url):
    """CREATEROLE and CREATEDB suffice, as managed servers give them."""
    run(
        admin_url, "DROP DATABASE IF EXISTS managed", "DROP ROLE IF EXISTS manager",
        "CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'm'",
    )  # fmt: skip
    fresh = _without_roles(admin_url)
    url = (
        urlsplit(admin_url)
        ._replace(netloc=fresh.replace("postgres:", "manager:", 1), path="/managed")
        .geturl()
    )
    url = url.replace(urlsplit(admin_url).password or "", "m")
    logins = bootstrap(url)
    run(logins.owner_url, "CREATE TABLE thing (at vector(2))")
    assert run(logins.app_url, "INSERT INTO thing VALUES ('[1,2]') RETURNING at") == "[1,2]"
    assert vars(bootstrap(url)) == vars(logins)


def _without_roles(admin_url: str) -> str:
    """Undo every bootstrap on this server; return the URL's user, password and place."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE datdba = 'miosa_owner'::regrole"
        ).fetchall()
        for (name,) in names:
            connection.execute(psycopg.sql.SQL("DROP DATABASE {}").format(psycopg.sql.Identifier(name)))
    for database in ("template1", "postgres"):
        run(
            on(admin_url, database), "ALTER SCHEMA public OWNER TO pg_database_owner",
            "DROP OWNED BY miosa_owner", "DROP OWNED BY miosa_app", "DROP OWNED BY miosa_platform",
        )  # fmt: skip
    run(admin_url, "DROP ROLE miosa_owner, miosa_app, miosa_platform, miosa_reader")
    return urlsplit(admin_url).netloc
