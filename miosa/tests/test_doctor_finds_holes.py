"""Walls broken on purpose, one at a time: the doctor finds each hole, by the attack that goes through it."""

from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from miosa.doctor.attack import POOL, SILO, Surface
from miosa.doctor.attacks import SURFACES
from miosa.doctor.tenancy import examine
from miosa.embedded.postgres import SUPERUSER
from miosa.embedded.state import State
from miosa.environment import environment
from miosa.tests.holes import HOLES, broken

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.usefixtures("as_installed"),
]


def by(name):
    return next(one for one in SURFACES if one.name == name)


def leaks_on(*names, places=(POOL,), besides=()):
    """Attack these surfaces only; return {surface: names of the attacks that came through}."""
    found = examine(places=places, surfaces=[*besides, *map(by, names)])
    told: dict[str, list[str]] = {name: [] for name in names}
    for row, leak in found.leaks:
        told[row.surface.name].append(f"{leak.target} {leak.name}")
    return told, found


@pytest.mark.parametrize("hole", HOLES)
def test_it_finds(hole):
    """The hole is found by the attacks that go through it, and is gone when it is mended."""
    breaking, mending, expected = HOLES[hole]
    with broken(breaking=breaking, mending=mending):
        told, found = leaks_on(*expected)
    assert not found.sound
    for surface, words in expected.items():
        assert any(words in leak for leak in told[surface]), (surface, told[surface])
    assert leaks_on(*expected)[1].sound


def test_the_command_ends_in_1_where_a_wall_is_down(capsys):
    """Through the real command: the leak is named with what to do, and the last line counts it."""
    breaking, mending, _ = HOLES["row security disabled"]
    with broken(breaking=breaking, mending=mending), pytest.raises(SystemExit) as ended:
        call_command("doctor", "tenancy", "--place", "pool")
    assert ended.value.code == 1
    out = capsys.readouterr().out
    last = out.strip().splitlines()[-1]
    assert int(last.split()[0]) > 5
    assert "leaks in" in last
    assert "agents_lesson" in out
    assert "EnableRowLevelSecurity" in out


def test_a_table_that_nobody_can_fill_is_no_pass():
    """A tenant table without a model cannot be attacked, and that is told as a failure."""
    wall = "ALTER TABLE public.strange ENABLE ROW LEVEL SECURITY; ALTER TABLE public.strange FORCE ROW LEVEL SECURITY"
    breaking = f"CREATE TABLE public.strange (id uuid, tenant_id uuid NOT NULL); {wall}"
    with broken(breaking=breaking, mending="DROP TABLE public.strange"):
        _, found = leaks_on("tables")
    assert [miss.target for _, miss in found.missed] == ["strange"]
    assert not found.sound


def administrator():
    """Return the superuser's URL of the embedded server: nobody else may grant a role."""
    known = environment()
    if "DATABASE_URL" not in known.filled:
        pytest.skip("needs the embedded PostgreSQL's superuser")
    place = urlsplit(known.database_url)
    secret = State(known.state_dir).secret("database")
    return place._replace(netloc=f"{SUPERUSER}:{secret}@{place.hostname}:{place.port}").geturl()


def test_it_finds_a_granted_membership():
    """A login that can become the platform's sees everything, and is found by every way there is."""
    with psycopg.connect(administrator(), autocommit=True) as admin:
        admin.execute("GRANT miosa_platform TO miosa_app")
        try:
            told, _ = leaks_on("roles", "tables", "catalogue")
        finally:
            admin.execute("REVOKE miosa_platform FROM miosa_app")
    assert any("set role miosa_platform" in leak for leak in told["roles"])
    assert any("select by id" in leak for leak in told["tables"])
    assert any("miosa_app logins are members of nothing" in leak for leak in told["catalogue"])


def test_it_finds_a_hole_in_a_tenants_own_schema():
    """The tables of a silo are attacked too, by a neighbour who names its schema."""

    def wall(words):
        def change(ground):
            owner = connections.create_connection("owner")
            with owner.cursor() as cursor:
                cursor.execute(
                    f'ALTER TABLE "{ground.victim.tenant.schema_name}".agents_lesson {words} ROW LEVEL SECURITY'
                )
            owner.close()
            return ()

        return Surface(words, change, "", "")

    mend = wall("ENABLE")
    found = examine(places=[SILO], surfaces=[wall("DISABLE"), by("tables"), by("catalogue"), mend])
    leaks = [leak for row, leak in found.leaks if row.surface.name == "tables"]
    assert any(leak.name == "select by id" and '."agents_lesson"' in leak.target for leak in leaks)
    assert all("t_" in leak.target for leak in leaks)
    assert any("row security" in leak.name for row, leak in found.leaks if row.surface.name == "catalogue")
