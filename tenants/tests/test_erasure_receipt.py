"""The receipt of an erasure proves what was done: any change of it is seen."""

import json

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from tenants.models import ErasureReceipt
from tenants.tests.archives import lived_in
from tenants.tests.erasures import erased

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def receipt(tmp_path):
    """The file of a receipt."""
    lived_in("acme")
    erased("acme", f"--receipt={tmp_path / 'receipt.json'}")
    return tmp_path / "receipt.json"


def verify(*what):
    call_command("tenants", "receipt", *what, "--verify")


def test_it_works(receipt, capsys):
    """The stored one and the one in the file are the same, genuine, and hold no value of the tenant's rows."""
    capsys.readouterr()
    verify("acme")
    verify(f"--file={receipt}")
    assert capsys.readouterr().out.count("genuine: 1 of 1") == 2
    call_command("tenants", "receipt", "acme")
    assert json.loads(capsys.readouterr().out) == json.loads(receipt.read_text())
    assert "owner@acme.example" not in receipt.read_text()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_character_is_seen(receipt, data):
    """Of the document or of its signature, unless the JSON means the same as before."""
    whole = receipt.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + bytes([whole[place] ^ 1 << data.draw(st.integers(0, 6))]) + whole[place + 1 :]
    other = receipt.with_name("changed.json")
    other.write_bytes(changed)
    try:
        same = json.loads(changed) == json.loads(whole)
    except ValueError:
        same = False
    if same or lowered(changed) == json.loads(whole):
        return
    with pytest.raises(CommandError):
        verify(f"--file={other}")


def lowered(text):
    """The receipt with its signature in small letters, which is the same signature."""
    try:
        found = json.loads(text)
        return found | {"signature": found["signature"].lower()}
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


@pytest.mark.parametrize("change", [{"slug": "globex"}, {"document": {}}, {"signature": b"x" * 32}])
def test_a_changed_row_is_seen(receipt, change):
    """Somebody who rules the table cannot make a receipt say something else."""
    with platform():
        ErasureReceipt.objects.update(**change)
    with pytest.raises(CommandError, match="do not rely on it"):
        verify(change.get("slug", "acme"))


def test_the_receipt_of_another_installation_is_not_ours(receipt, settings):
    """The signing key follows from JWT_SECRET."""
    from dataclasses import replace

    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, jwt_secret="another-secret-of-another-installation-00"
    )
    with pytest.raises(CommandError, match="another installation"):
        verify("acme")


def test_a_receipt_overwrites_nothing(receipt):
    """A file that is there is told before anything is erased."""
    open_tenant("globex")
    with pytest.raises(CommandError, match="there already"):
        erased("globex", f"--receipt={receipt}")
    call_command("tenants", "erase", "globex", "--yes")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"document": 1, "signature": "00"}', "[" * 9999])
def test_what_is_no_receipt_is_one_line(tmp_path, text):
    """Whatever the file holds."""
    (tmp_path / "x").write_text(text)
    with pytest.raises(CommandError, match="holds no receipt"):
        verify(f"--file={tmp_path / 'x'}")


def test_one_of_slug_and_file_has_to_be_named():
    """Neither and both are told."""
    for what in ((), ("acme", "--file=x")):
        with pytest.raises(CommandError, match="Name the slug"):
            verify(*what)
    with pytest.raises(CommandError, match="There is no receipt"):
        verify("nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        verify("--file=/nowhere/at/all")
