"""A tenant is erased: nothing of it is left anywhere, nobody else loses anything, and a crash loses nothing half."""

import json
import uuid
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django_tenants.utils import tenant_context
from redis import Redis

from agents.models import Execution
from miosa.environment import environment
from miosa.models import AgentPerformance
from miosa.pg.platform import platform
from miosa.pg.tenant_entry import LOCKS
from miosa.statistics import refresh
from miosa.testing.fixtures import open_tenant
from miosa.testing.silos import schemas
from tenants.archive.exporting import export
from tenants.archive.importing import import_
from tenants.cache_keys import prefix
from tenants.folders import folder_of
from tenants.models import Identity, Membership, PlatformAuditEntry, User
from tenants.tests.archives import lived_in, people, registry, tables_without_rows
from tenants.tests.erasures import erased, rows_left
from tenants.tests.moving import holding

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
UNKNOWN = str(uuid.UUID(int=7))


def valkey() -> Redis:
    return Redis.from_url(environment().redis_url)


def test_it_works(capsys):
    """Rows of every table go, with the people of no other tenant; the neighbour's stay; the receipt counts them."""
    acme, globex = lived_in("acme"), lived_in("globex")
    assert tables_without_rows(acme) == []
    refresh()
    before, neighbours = rows_left(acme), rows_left(globex)
    assert {"stats.agent_performance_of_all", "tenants_auditentry", "tenants_tenant"} <= set(before)
    erased("acme")
    document = json.loads(capsys.readouterr().out)["document"]
    assert rows_left(acme) == {}
    assert rows_left(globex) == neighbours
    assert document["rows"] == {
        name: count for name, count in before.items() if not name.startswith("stats.")
    }
    assert (document["slug"], document["people"], document["forced"]) == ("acme", 1, False)
    assert document["completed_at"]
    assert registry() == [(str(globex.pk), "globex")]
    assert set(people()) == {"owner@globex.example"}
    with platform():
        entry = PlatformAuditEntry.objects.get(action="tenant.erased")
    assert entry.object_id == str(acme.pk)
    assert entry.after
    assert entry.after["rows"] == sum(document["rows"].values())


def test_a_schema_of_its_own_goes_too(silo):
    """Tables and schema are gone, and the statistics of the others still answer."""
    acme, globex = silo(lived_in("acme")), lived_in("globex")
    refresh()
    erased("acme")
    assert schemas() == []
    assert rows_left(acme) == {}
    with tenant_context(globex):
        assert AgentPerformance.objects.exists()


def test_people_who_belong_elsewhere_stay():
    """A member of another tenant and the platform's staff keep their account; the others' identities go with them."""
    acme, globex = lived_in("acme"), open_tenant("globex")
    with platform():
        both = User.objects.create_user("both@acme.example", "some-password-1")
        staff = User.objects.create_user("staff@acme.example", "some-password-1", is_staff=True)
        leaver = User.objects.create_user("leaver@acme.example", "some-password-1")
        for user in (both, staff, leaver):
            Membership.objects.create(tenant=acme, user=user)
            Identity.objects.create(user=user, issuer="https://id.example", subject=user.email)
        Membership.objects.create(tenant=globex, user=both)
    erased("acme")
    assert set(people()) == {"both@acme.example", "staff@acme.example", "owner@globex.example"}
    with platform():
        assert set(Identity.objects.values_list("user", flat=True)) == {both.pk, staff.pk}


def test_keys_in_valkey_go():
    """The tenant's cache entries and counters are deleted, the neighbour's and the public ones are not."""
    acme, globex = lived_in("acme"), open_tenant("globex")
    cache.set("thing", "public")
    for tenant in (acme, globex):
        with tenant_context(tenant):
            cache.set("thing", tenant.slug)
    with valkey() as keys:
        keys.mset({f"{prefix(acme.pk)}rate:{number}": 1 for number in range(2500)})
        erased("acme")
        assert list(keys.scan_iter(match=f"{prefix(acme.pk)}*", count=1000)) == []
    assert cache.get("thing") == "public"
    with tenant_context(acme):
        assert cache.get("thing") is None
    with tenant_context(globex):
        assert cache.get("thing") == "globex"
        cache.delete("thing")


def test_files_go(tmp_path, capsys):
    """The tenant's folder is deleted, what a link in it points at is not."""
    acme = lived_in("acme")
    folder = folder_of(acme.pk)
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("x")
    (tmp_path / "precious").write_text("y")
    (folder / "link").symlink_to(tmp_path)
    erased("acme")
    assert not folder.exists()
    assert (tmp_path / "precious").read_text() == "y"
    assert json.loads(capsys.readouterr().out)["document"]["files"] == 2


def test_what_was_exported_comes_back(tmp_path):
    """Erasing is final here, and no obstacle to bringing the tenant in again, and to erasing it again."""
    acme = lived_in("acme")
    export(acme, tmp_path / "a.zip")
    erased("acme")
    imported = import_(tmp_path / "a.zip").tenant
    with tenant_context(imported):
        assert Execution.objects.count() == 1
    erased("acme")
    assert rows_left(acme) == {}


def test_work_in_progress_is_not_erased_unless_forced(capsys):
    """An execution that has not ended keeps the tenant here; --force does not, and the receipt says so."""
    acme = lived_in("acme")
    with tenant_context(acme):
        Execution.objects.update(state="in_progress", finished=None)
    before = rows_left(acme)
    with pytest.raises(CommandError, match=r"1 executions of acme have not ended"):
        erased("acme")
    assert rows_left(acme) == before
    erased("acme", "--force")
    assert json.loads(capsys.readouterr().out)["document"]["forced"]
    assert rows_left(acme) == {}


@pytest.mark.parametrize("typed", ["", "acme-1", "yes"])
def test_the_slug_has_to_be_typed(monkeypatch, typed):
    """Anything else, and no answer at all, erases nothing."""
    acme = lived_in("acme")
    before = rows_left(acme)
    monkeypatch.setattr("builtins.input", lambda _prompt: typed)
    with pytest.raises(CommandError, match="was not typed"):
        call_command("tenants", "erase", "acme")
    assert rows_left(acme) == before
    monkeypatch.setattr("builtins.input", lambda _prompt: "acme")
    call_command("tenants", "erase", "acme")
    assert rows_left(acme) == {}


def test_who_is_inside_is_waited_for_and_not_run_over():
    """A transaction inside the tenant that does not end keeps every row, and one line says so."""
    acme = lived_in("acme")
    before = rows_left(acme)
    inside = ("SELECT pg_advisory_xact_lock_shared(%s, hashtext(%s))", [LOCKS, str(acme.pk)])
    with holding("default", *inside), pytest.raises(CommandError, match="did not end in 1 seconds"):
        erased("acme", "--wait=1")
    assert rows_left(acme) == before


def test_an_unknown_slug_is_one_line():
    """Nothing was ever there."""
    with pytest.raises(CommandError, match="There is no tenant nobody"):
        erased("nobody")


def test_files_of_a_tenant_have_one_place():
    """Below the state folder, by the tenant's id."""
    assert folder_of(UNKNOWN) == Path(environment().state_dir) / "tenants" / uuid.UUID(UNKNOWN).hex
