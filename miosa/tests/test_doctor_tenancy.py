"""`manage.py doctor tenancy`: what it says of a sound installation, and that it leaves nothing behind."""

import json

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connections

from miosa.doctor import subjects
from miosa.doctor.attack import PLACES, POOL, Attack, Missed, Surface
from miosa.doctor.attacks import SURFACES
from miosa.doctor.report import as_json, verdict
from miosa.doctor.tenancy import Findings, Row, examine
from miosa.testing.fixtures import client_of
from tenants.models import Domain, Identity, PlatformAuditEntry, Tenant, User
from tenants.provisioning import open_tenant

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.usefixtures("as_installed"),
]

CHEAP = tuple(one for one in SURFACES if one.name in {"recall", "partitions"})


def counted():
    """Return how many rows there are in every table, of everybody, and the names of all schemas."""
    models = [
        model
        for model in apps.get_models()
        if model._meta.managed and model._meta.app_label != "contenttypes"
    ]
    with connections["platform"].cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1")
        schemas = cursor.fetchall()
        found = {}
        for model in models:
            cursor.execute(f"SELECT count(*) FROM public.{model._meta.db_table}")
            found[model._meta.db_table] = cursor.fetchone()[0]
    return found, schemas


def neighbour():
    """Return a tenant that has nothing to do with any of this."""
    return open_tenant("acme", name="Acme", owner_email="owner@acme.example").tenant


def only(rows, surface):
    return [row for row in rows if row.surface.name == surface]


def test_a_sound_installation_has_no_leak_and_nothing_is_left():
    """Every surface is attacked in both places, nothing comes through, and afterwards all is as it was."""
    client_of(neighbour())
    before = counted()
    found = examine()
    assert [(row.surface.name, leak) for row, leak in found.leaks] == []
    assert [(row.surface.name, miss) for row, miss in found.missed] == []
    assert found.sound
    assert found.attacks > 2000
    for surface in SURFACES:
        places = {row.place for row in only(found.rows, surface.name)}
        assert len(places) == 1 if surface.once else places == set(PLACES)
        assert surface.name == "partitions" or all(row.attacks for row in only(found.rows, surface.name))
    assert counted() == before


def test_the_command_ends_with_the_verdict(capsys):
    """The last line of text is the verdict, and a sound installation's exit code is 0."""
    call_command("doctor", "tenancy", "--place", "pool")
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines[-1].startswith("0 leaks in ")
    assert lines[-1].endswith(" attacks")
    assert int(lines[-1].split()[3]) > 1000
    assert any("silo: not attacked, because it was not asked for" in line for line in lines)


def test_the_command_speaks_json(capsys):
    """With --json there is one line, an object that begins with leaks and attacks."""
    call_command("doctor", "tenancy", "--place", "pool", "--json")
    line = capsys.readouterr().out.strip()
    assert line.startswith('{"leaks": 0, "attacks": ')
    told = json.loads(line)
    assert told["sound"] is True
    assert sum(row["attacks"] for row in told["surfaces"]) == told["attacks"]
    assert told["skipped"] == [{"place": "silo", "because": "it was not asked for"}]


def test_without_an_argument_it_tells_what_there_is(capsys):
    """Every surface has its line."""
    call_command("doctor")
    out = capsys.readouterr().out
    assert "doctor tenancy: " in out
    assert all(f"  {surface.name}" in out for surface in SURFACES)


def test_a_leak_or_a_gap_is_told_and_ends_in_1(capsys):
    """A row says which attack came through; what could not be attacked is as bad."""
    surface = Surface("gates", lambda _ground: (), "gates", "close the gate")
    leak = Attack("gates", "west gate", "walk through", leaked=True, detail="it was open")
    leaky = Findings([Row(surface, POOL, (leak,), ())])
    assert verdict(leaky) == "1 leak in 1 attacks"
    assert json.loads(as_json(leaky))["found"][0]["remedy"] == "close the gate"
    assert not leaky.sound
    gap = Findings([Row(surface, POOL, (), (Missed("gates", "east gate", "nobody found it"),))])
    assert verdict(gap) == "0 leaks in 0 attacks"
    assert not gap.sound


def test_what_a_killed_visit_left_is_taken_away():
    """The next visit begins by cleaning up, and says how much there was."""
    before = counted()
    left = subjects._opened("victim", POOL)
    assert counted() != before
    found = examine(places=[POOL], surfaces=CHEAP)
    assert found.left == 1
    assert counted() == before
    assert left.unmade == {}


@pytest.mark.parametrize("end", [RuntimeError, KeyboardInterrupt])
def test_a_visit_that_breaks_off_leaves_nothing(end):
    """Whatever ends it, the tenants are taken away."""
    before = counted()

    def broken(_ground):
        raise end("broken off")

    with pytest.raises(end):
        examine(places=[POOL], surfaces=[Surface("broken", broken, "", "")])
    assert counted() == before


def test_two_doctors_do_not_work_at_once():
    """The second is refused in one line, and the first is not disturbed."""

    def second(_ground):
        with pytest.raises(CommandError, match="Another doctor is at work"):
            call_command("doctor", "tenancy")
        return ()

    assert examine(places=[POOL], surfaces=[Surface("second", second, "", "")]).sound


def test_without_the_owners_login_nothing_is_begun(monkeypatch):
    """What could not be taken away again is not made: one line says which variable to set."""
    before = counted()
    monkeypatch.delitem(connections.settings, "owner")
    with pytest.raises(CommandError, match="DATABASE_OWNER_URL"):
        call_command("doctor", "tenancy")
    assert counted() == before


def test_real_tenants_are_not_disturbed():
    """Rows of others, and the platform's own log, are the same afterwards."""
    client_of(neighbour())
    with connections["platform"].cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(k::text, '|' ORDER BY id)) FROM tenants_apikey k")
        before = cursor.fetchone()
    examine(places=[POOL])
    with connections["platform"].cursor() as cursor:
        cursor.execute("SELECT md5(string_agg(k::text, '|' ORDER BY id)) FROM tenants_apikey k")
        assert cursor.fetchone() == before
    for model, count in ((Tenant, 1), (User, 1), (Domain, 0), (Identity, 0), (PlatformAuditEntry, 1)):
        assert model.objects.using("platform").count() == count
