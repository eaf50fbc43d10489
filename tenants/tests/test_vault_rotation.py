"""Changing the master keys while everything runs: what is sealed anew, what stays shut, what is never lost."""

import threading

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connections
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from tenants import sealed, signing_keys, vault
from tenants.models import SigningKey, StoredSecret, User
from tenants.second_factor import authenticator
from tenants.tests.master_keys import NEW, OLD, keys

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_an_unknown_key_is_named_and_nothing_is_lost(tenant):
    """The error says which key to bring back; with it the value opens again."""
    with keys(OLD):
        vault.put("provider/groq", "a")
    with keys(NEW):
        with pytest.raises(vault.CannotOpen, match="'old'"):
            vault.read("provider/groq")
        assert sealed.rotate()["secrets of tenants"][0] == 0
        with pytest.raises(SystemExit):
            call_command("secrets", "rotate")
    with keys(OLD):
        assert vault.read("provider/groq") == b"a"


def test_rotation_seals_everything_of_all_tenants_anew(tenant, other_tenant, capsys):
    """Afterwards nothing needs the old key: it can be taken away."""
    with keys(OLD):
        for one in (tenant, other_tenant):
            with tenant_context(one):
                vault.put("provider/groq", one.slug)
        signing_keys.make_first("EdDSA")
    with keys(NEW, OLD):
        call_command("secrets", "status")
        assert "old: 2" in capsys.readouterr().out
        call_command("secrets", "rotate")
        assert "Nothing is sealed with old any more" in capsys.readouterr().out
        assert all(outcome == (0, []) for outcome in sealed.rotate().values())
    with keys(NEW):
        for one in (tenant, other_tenant):
            with tenant_context(one):
                assert vault.read("provider/groq") == one.slug.encode()
        assert SigningKey.objects.using("platform").get().key_id == "new"


def test_an_authenticator_app_survives_the_rotation(db):
    """What staff sign in with opens with the new key alone."""
    with platform():
        person = User.objects.create_user("ada@miosa.example", "some-password-1", is_staff=True)
        with keys(OLD):
            secret = authenticator.enrol(person).secret
        with keys(NEW, OLD):
            assert sealed.rotate()["authenticator apps of staff"] == (1, [])
        with keys(NEW):
            assert authenticator.enrol(person).secret == secret


def test_everything_sealed_is_rotated():
    """A table with a sealed column is one of the list, or its values would be lost with the key."""
    tables = {model for model in apps.get_models() for field in model._meta.fields if "sealed" in field.name}
    assert tables == {kind.table for kind in sealed.SEALED}


def test_rotation_goes_past_what_it_cannot_open(tenant):
    """One broken row keeps no other from being sealed anew, and is left as it is."""
    with keys(OLD):
        vault.put("provider/a", "a")
        vault.put("provider/b", "b")
        vault.put("provider/c", "c")
        StoredSecret.objects.filter(name="provider/b").update(sealed=b"broken" * 10)
    with keys(NEW, OLD):
        done, stuck = vault.rotate()
        assert (done, len(stuck)) == (2, 1)
        assert "provider/b" in stuck[0]
        assert bytes(StoredSecret.objects.get(name="provider/b").sealed) == b"broken" * 10


def test_a_secret_set_during_the_rotation_is_kept(tenant):
    """Writers and the rotation at once: every secret holds what was last set."""
    names = [f"provider/p{number}" for number in range(40)]
    with keys(OLD):
        for name in names:
            vault.put(name, "before")
    with keys(NEW, OLD):
        stop, last = threading.Event(), {}

        def write():
            with tenant_context(tenant):
                turn = 0
                while not stop.is_set():
                    name = names[turn % len(names)]
                    vault.put(name, f"turn {turn}")
                    last[name] = turn
                    turn += 1
            connections.close_all()

        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(3):
            vault.rotate()
        stop.set()
        writer.join()
        assert last
        for name in names:
            expected = f"turn {last[name]}" if name in last else "before"
            assert vault.read(name) == expected.encode()
        assert set(StoredSecret.objects.values_list("key_id", flat=True)) == {"new"}
