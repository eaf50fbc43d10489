"""A server that cannot carry the wall between tenants is refused in one line that says what to do."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from miosa.embedded import services
from miosa.embedded.server import free_port
from miosa.pg import bootstrap as module
from miosa.pg.bootstrap import DatabaseRefused, bootstrap
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


def refusal(url: str) -> str:
    """Return why a bootstrap is refused; one line that holds no password."""
    with pytest.raises(DatabaseRefused) as refused:
        bootstrap(url)
    assert "\n" not in str(refused.value)
    assert (urlsplit(url).password or "no password") not in str(refused.value)
    return str(refused.value)


def test_an_unreachable_server_is_named():
    """The line gives host, port and cause."""
    port = free_port()
    assert f"at 127.0.0.1:{port} cannot be used: " in refusal(
        f"postgresql://root:sesame@127.0.0.1:{port}/miosa"
    )
    assert "no.such.host.invalid" in refusal("postgresql://root:sesame@no.such.host.invalid/miosa")


def test_a_wrong_password_is_named(admin_url):
    """The line says that user or password are refused."""
    url = admin_url.replace(urlsplit(admin_url).password or "", "sesame")
    assert refusal(url).endswith("refuses the user or the password.")


def test_a_url_without_password_is_refused():
    """Passwords derived from nothing would be known to everybody."""
    with pytest.raises(
        DatabaseRefused, match=r"^DATABASE_URL has no password.*: add it, or give DATABASE_PLATFORM_URL"
    ):
        bootstrap("postgresql://root@db/miosa")


def test_a_login_without_rights_is_refused(admin_url):
    """An application's login given alone is recognised, with the way out."""
    run(admin_url, "DROP ROLE IF EXISTS nobody", "CREATE ROLE nobody LOGIN PASSWORD 'sesame'")
    url = admin_url.replace("postgres:", "nobody:", 1).replace(urlsplit(admin_url).password or "", "sesame")
    assert "The login nobody of DATABASE_URL may not create roles and databases" in refusal(url)


def test_a_server_without_pgvector_is_refused(admin_url):
    """A server whose extension folder lacks it says so before anything is half made."""
    hidden = on(admin_url, "no_vector") + "?options=-c%20extension_control_path%3D/nowhere"
    assert "has no pgvector: install the extension" in refusal(hidden)


def test_a_mighty_login_is_refused(admin_url):
    """A role that bypasses row level security would make the wall a picture of one."""
    bootstrap(admin_url)
    run(admin_url, "ALTER ROLE miosa_app BYPASSRLS PASSWORD 'other'")
    assert "can step over the wall between tenants" in refusal(admin_url)
    run(admin_url, "ALTER ROLE miosa_app NOBYPASSRLS", "GRANT miosa_platform TO miosa_app")
    assert "every membership from miosa_app" in refusal(admin_url)
    run(admin_url, "REVOKE miosa_platform FROM miosa_app")
    bootstrap(admin_url)


def test_an_old_server_is_refused_by_version():
    """PostgreSQL 17 has no uuidv7()."""
    old: Any = SimpleNamespace(info=SimpleNamespace(server_version=170_002))
    with pytest.raises(DatabaseRefused, match="is PostgreSQL 17, and 18 or newer is required: upgrade it"):
        module._refuse_old(old)
