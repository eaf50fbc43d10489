"""A tenant goes out of one installation and into another: every value arrives as it was."""

import json
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django_tenants.utils import tenant_context

from agents.models import Execution, MemoryVector
from tenants.archive.exporting import export
from tenants.archive.importing import import_
from tenants.models import ApiKey, AuditEntry
from tenants.tests.archives import (
    ODD,
    contents,
    lived_in,
    manifest_in,
    rows_in,
    tables_without_rows,
)
from tenants.tests.elsewhere import Elsewhere

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

OWN_LOG = "tenants_auditentry.jsonl"
KEYS = "tenants_apikey.jsonl"
LISTED = {"tenants_invitation.jsonl", "tenants_storedsecret.jsonl"}


@pytest.fixture(scope="module")
def elsewhere(django_db_setup: None) -> Iterator[Elsewhere]:
    """Another installation on the same server."""
    made = Elsewhere()
    yield made
    made.close()


def without_revocation(lines: list[str]) -> list[dict]:
    return [json.loads(line) | {"revoked_at": None} for line in lines]


def test_it_works(tmp_path, elsewhere):
    """Out, in elsewhere and out again: the same rows of every table; keys are revoked, the log goes on."""
    acme = lived_in("acme")
    assert tables_without_rows(acme) == []
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    call_command("tenants", "export", "acme", str(first))
    told = elsewhere.manage("tenants", "import", str(first))
    assert "read back and found equal" in told
    assert f"to be set again: {len(rows_in(first, 'tenants_storedsecret'))}" in told
    elsewhere.manage("tenants", "export", "acme", str(second))
    there, back = contents(first), contents(second)
    for name, lines in there.items():
        if name not in LISTED | {OWN_LOG, KEYS}:
            assert back[name] == lines, name
    assert without_revocation(back[KEYS]) == without_revocation(there[KEYS])
    assert all(json.loads(line)["revoked_at"] for line in back[KEYS])
    assert back[OWN_LOG][: len(there[OWN_LOG])] == there[OWN_LOG]
    added = [json.loads(line)["action"] for line in back[OWN_LOG][len(there[OWN_LOG]) :]]
    assert added == ["tenant.imported"]
    assert [back[name] for name in LISTED] == [[], []]
    same = ("format", "product", "tenant", "isolation")
    assert [manifest_in(first)[name] for name in same] == [manifest_in(second)[name] for name in same]


def test_values_survive_exactly(tmp_path):
    """Decimals, microseconds, vectors, arrays, bytes, and what JSON easily loses, seen through the application."""
    acme = lived_in("acme")
    with tenant_context(acme):
        execution, memory = Execution.objects.get(), MemoryVector.objects.get()
        log = list(AuditEntry.objects.order_by("number").values())
        pattern = memory.pattern
    export(acme, tmp_path / "a.zip")
    call_command("tenants", "erase", "acme", "--yes")
    imported = import_(tmp_path / "a.zip").tenant
    assert (imported.pk, imported.created) == (acme.pk, acme.created)
    with tenant_context(imported):
        again = Execution.objects.get()
        for field in Execution._meta.concrete_fields:
            assert getattr(again, field.attname) == getattr(execution, field.attname), field.name
        assert again.request == ODD
        assert MemoryVector.objects.get().pattern == pattern
        assert list(AuditEntry.objects.filter(number__lte=len(log)).order_by("number").values()) == log
        assert ApiKey.objects.get().scopes == ["executions:read"]


def test_a_silo_and_the_pool_give_the_same_rows(tmp_path, silo):
    """Where the rows lie makes no difference to what is exported, and it comes back into the shared tables."""
    acme = lived_in("acme")
    export(acme, tmp_path / "pool.zip")
    export(silo(acme), tmp_path / "silo.zip")
    pooled, siloed = contents(tmp_path / "pool.zip"), contents(tmp_path / "silo.zip")
    log = pooled.pop(OWN_LOG)
    assert siloed.pop(OWN_LOG)[: len(log)] == log
    assert siloed == pooled
    assert manifest_in(tmp_path / "silo.zip")["isolation"] == "silo"
    call_command("tenants", "erase", "acme", "--yes")
    assert import_(tmp_path / "silo.zip").tenant.isolation == "pool"


def test_it_can_be_brought_into_a_schema_of_its_own(tmp_path, silo):
    """`--silo` moves the tenant on when it is in."""
    export(lived_in("acme"), tmp_path / "a.zip")
    call_command("tenants", "erase", "acme", "--yes")
    call_command("tenants", "import", str(tmp_path / "a.zip"), "--silo")
    call_command("tenants", "export", "acme", str(tmp_path / "b.zip"))
    assert manifest_in(tmp_path / "b.zip")["isolation"] == "silo"
    assert rows_in(tmp_path / "b.zip", "agents_step") == rows_in(tmp_path / "a.zip", "agents_step")
