"""Nothing is served behind an open wall: the logins and tables are looked at first, and told in one line."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from miosa.embedded.processes import harmless
from miosa.embedded.server import free_port
from miosa.environment import ROOT, export
from miosa.pg import bootstrap as module
from miosa.pg.bootstrap import LIMITS, DatabaseRefused, bootstrap
from miosa.pg.wall import refuse_open_wall, wall_faults
from miosa.tests.own_site import OwnSite, own_site

# (what breaks the wall, what is said of it, what mends it); run by the superuser
BREACHES = {
    "superuser": (
        "ALTER ROLE miosa_app SUPERUSER",
        "miosa_app has SUPERUSER",
        "ALTER ROLE miosa_app NOSUPERUSER",
    ),
    "bypassrls": (
        "ALTER ROLE miosa_app BYPASSRLS",
        "miosa_app has BYPASSRLS",
        "ALTER ROLE miosa_app NOBYPASSRLS",
    ),
    "createrole": (
        "ALTER ROLE miosa_app CREATEROLE",
        "miosa_app has CREATEROLE",
        "ALTER ROLE miosa_app NOCREATEROLE",
    ),
    "replication": (
        "ALTER ROLE miosa_app REPLICATION",
        "miosa_app has REPLICATION",
        "ALTER ROLE miosa_app NOREPLICATION",
    ),
    "platform": (
        "ALTER ROLE miosa_platform BYPASSRLS",
        "miosa_platform has BYPASSRLS",
        "ALTER ROLE miosa_platform NOBYPASSRLS",
    ),
    "member": (
        "GRANT miosa_platform TO miosa_app",
        "miosa_app is a member of miosa_platform",
        "REVOKE miosa_platform FROM miosa_app",
    ),
    "reader of questions": (
        "ALTER ROLE miosa_reader BYPASSRLS",
        "miosa_reader has BYPASSRLS",
        "ALTER ROLE miosa_reader NOBYPASSRLS",
    ),
    "reader of all": (
        "GRANT pg_read_all_data TO miosa_app",
        "miosa_app is a member of pg_read_all_data",
        "REVOKE pg_read_all_data FROM miosa_app",
    ),
    "owner": (
        "ALTER TABLE billing_budget OWNER TO miosa_app",
        "miosa_app owns ",
        "ALTER TABLE billing_budget OWNER TO miosa_owner",
    ),
    "not enabled": (
        "ALTER TABLE agents_memory DISABLE ROW LEVEL SECURITY",
        "agents_memory can be read across tenants",
        "ALTER TABLE agents_memory ENABLE ROW LEVEL SECURITY",
    ),
    "not forced": (
        "ALTER TABLE agents_memory NO FORCE ROW LEVEL SECURITY",
        "agents_memory can be read across tenants",
        "ALTER TABLE agents_memory FORCE ROW LEVEL SECURITY",
    ),
    "new table": (
        "CREATE TABLE stray (tenant_id uuid); GRANT SELECT ON stray TO miosa_app",
        "stray can be read across tenants",
        "DROP TABLE stray",
    ),
    "schema of a tenant": (
        "CREATE SCHEMA t_0; CREATE TABLE t_0.stray (tenant_id uuid); GRANT INSERT ON t_0.stray TO miosa_app",
        "t_0.stray can be read across tenants",
        "DROP SCHEMA t_0 CASCADE",
    ),
}


@pytest.fixture(scope="module")
def site() -> Iterator[OwnSite]:
    """A site with a database that nobody else uses."""
    with own_site() as site:
        yield site


def as_superuser(site: OwnSite, statement: str) -> None:
    """Run a statement in the site's database."""
    url = site.machine.record("database").url.rpartition("/")[0] + "/miosa"
    with psycopg.connect(url, autocommit=True) as made:
        made.execute(statement)


def faults(site: OwnSite) -> list[str]:
    """Return what is wrong."""
    environment = site.environment
    return wall_faults(environment.database_url, platform_url=environment.database_platform_url)


def manage(site: OwnSite, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py there."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT, env=site.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_migrated_database_is_sound(site):
    """What bootstrap and migrations make has no fault, and `check` says so."""
    assert faults(site) == []
    assert manage(site, "check", "--database", "default").returncode == 0


@pytest.mark.parametrize("breach", BREACHES)
def test_each_breach_is_told_with_its_remedy(site, breach):
    """One line names login or table, and it is gone when that is mended."""
    broken, told, mended = BREACHES[breach]
    as_superuser(site, broken)
    try:
        with pytest.raises(DatabaseRefused) as refused:
            refuse_open_wall(
                site.environment.database_url, platform_url=site.environment.database_platform_url
            )
        assert str(refused.value).startswith(f"The wall between tenants does not stand: {told}")
        assert "\n" not in str(refused.value)
    finally:
        as_superuser(site, mended)
    assert faults(site) == []


def test_check_reports_a_breach(site):
    """`manage.py check --database default` fails and names it; without a database it is not asked."""
    broken, told, mended = BREACHES["not forced"]
    as_superuser(site, broken)
    try:
        done = manage(site, "check", "--database", "default")
        assert manage(site, "check").returncode == 0
    finally:
        as_superuser(site, mended)
    assert done.returncode == 1
    assert told in done.stderr


def test_serving_refuses_behind_an_open_wall(site):
    """`serve` ends with one line before web, worker or beat are started."""
    broken, told, mended = BREACHES["member"]
    environ: dict[str, str] = harmless(os.environ)
    export(site.environment, environ)
    as_superuser(site, broken)
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT, env=environ | {"MIOSA_PORT": str(free_port())}, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip
    finally:
        as_superuser(site, mended)
    assert done.returncode == 2
    assert done.stderr.startswith("The wall between tenants does not stand")
    assert told in done.stderr
    assert "starting web" not in done.stdout


def test_a_database_that_does_not_answer_is_one_line():
    """The reason is told, and no password."""
    with pytest.raises(DatabaseRefused, match="cannot be asked about its logins"):
        refuse_open_wall("postgresql://miosa_app:sesame@127.0.0.1:1/miosa", platform_url="")


def test_logins_that_answer_requests_have_limits(site):
    """Statements, locks and idle transactions end by themselves; the owner, who migrates, has time."""
    environment = site.environment
    names = list(LIMITS)
    query = "SELECT name, setting::int FROM pg_settings WHERE name = ANY(%s)"
    found: dict[str, dict[str, Any]] = {}
    for url in (environment.database_url, environment.database_platform_url, environment.database_owner_url):
        with psycopg.connect(url) as made:
            found[made.info.user] = dict(made.execute(query, [names]).fetchall())
    limited = {name: int(value.removesuffix("s")) * 1000 for name, value in LIMITS.items()}
    assert found == {
        "miosa_app": limited,
        "miosa_platform": limited,
        "miosa_owner": dict.fromkeys(names, 0),
    }


def test_a_database_prepared_earlier_gets_them_too(site):
    """The next start finds the mark of an older version and prepares anew."""
    url = site.machine.record("database").url
    as_superuser(site, "ALTER ROLE miosa_app RESET ALL")
    as_superuser(site, "REVOKE miosa_reader FROM miosa_owner")
    bootstrap(url)
    with psycopg.connect(site.environment.database_url) as made:
        assert made.execute("SHOW statement_timeout").fetchone() == ("0",)
    as_superuser(site, "COMMENT ON DATABASE miosa IS 'prepared for MIOSA, version 2'")
    bootstrap(url)
    with psycopg.connect(site.environment.database_url) as made:
        assert made.execute("SHOW statement_timeout").fetchone() == (LIMITS["statement_timeout"],)
    with psycopg.connect(site.environment.database_owner_url) as made:
        made.execute("SET ROLE miosa_reader")
    assert module.MARK.endswith("version 3")


def test_a_server_without_the_reader_is_told_how_to_make_it(site):
    """Where bootstrap may make no roles, migrating ends in one line with the statements, and goes on after them."""
    assert manage(site, "migrate", "agents", "0009").returncode == 0
    as_superuser(site, "DROP ROLE miosa_reader")
    done = manage(site, "migrate")
    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()[-1:]
    told = re.search(r"CREATE ROLE .+ SET TRUE;", line)
    assert told
    as_superuser(site, told[0])
    assert manage(site, "migrate").returncode == 0
    assert faults(site) == []


def test_a_long_job_may_say_so(site):
    """The refresh of the statistics outlives the limit of its login; the limit holds again afterwards."""
    told = site.script(
        "import json\n"
        "from django.db import connections, transaction\n"
        "from miosa import statistics\n"
        "from miosa.pg.patience import take_time\n"
        "def limit(cursor):\n"
        "    cursor.execute('SHOW statement_timeout')\n"
        "    return cursor.fetchone()[0]\n"
        "cursor = connections['platform'].cursor()\n"
        "with transaction.atomic(using='platform'):\n"
        "    take_time(900, using='platform')\n"
        "    inside = limit(cursor)\n"
        "print(json.dumps([inside, limit(cursor), bool(statistics.refresh())]))\n"
    )
    assert told == ["15min", LIMITS["statement_timeout"], True]
