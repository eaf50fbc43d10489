"""The audit log of a tenant goes with it, goes on where it arrives, and can be proved there."""

from dataclasses import replace

import pytest
from django.conf import settings as current
from django.db import connections
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from tenants.archive.exporting import export
from tenants.archive.importing import import_
from tenants.audit import anchors
from tenants.audit.verification import verify
from tenants.models import AuditEntry, PlatformAuditEntry
from tenants.tests.archives import archive, lived_in, whole
from tenants.tests.erasures import erased

__all__ = ["archive", "whole"]
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def elsewhere(settings):
    """From here on this is an installation with another secret."""
    settings.ENVIRONMENT = replace(
        current.ENVIRONMENT, jwt_secret="another-secret-of-another-installation-00"
    )


def test_the_log_goes_on(archive):
    """The entries before are kept, the next one says what came, and the platform's log knows of it too."""
    imported = import_(archive)
    with tenant_context(imported.tenant):
        entries = list(AuditEntry.objects.order_by("number"))
    last, added = entries[-2:]
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert added.action == "tenant.imported"
    assert bytes(added.previous) == bytes(last.digest)
    assert added.after["entries"] == last.number
    with platform():
        told = PlatformAuditEntry.objects.get(action="tenant.imported")
    assert told.object_id == str(imported.tenant.pk)


def test_it_is_whole_where_it_was_written(archive):
    """Erased and brought back: every entry is still signed with our own key."""
    assert verify(import_(archive).tenant.pk).intact


def test_anchors_from_before_an_erasure_raise_no_alarm(tmp_path):
    """What was anchored after the export ended with the erasure; an anchor of what came back still holds."""
    acme = lived_in("acme")
    early = anchors.heads()
    export(acme, tmp_path / "a.zip")
    late = anchors.heads()
    erased("acme")
    import_(tmp_path / "a.zip")
    assert verify(acme.pk, anchors=[*early, *late]).intact
    wrong = [replace(anchor, digest=b"x" * 32) for anchor in early]
    assert not verify(acme.pk, anchors=wrong).intact


def test_it_is_whole_elsewhere(archive, elsewhere):
    """The entries were signed with a key that is not known here; the arrival's own entry vouches for them."""
    tenant = import_(archive).tenant
    verdict = verify(tenant.pk)
    assert verdict.intact, verdict.fault
    assert verdict.entries == number_of_entries(tenant)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tenants_auditentry SET actor = 'user:mallory' WHERE number = 1",
        "DELETE FROM tenants_auditentry WHERE number = 2",
        "UPDATE tenants_auditentry SET after = '{}' WHERE action = 'tenant.imported'",
        "UPDATE tenants_auditentry SET digest = sha256('x') WHERE number = 2",
    ],
)
def test_a_change_is_found_elsewhere_too(archive, elsewhere, change):
    """What came is as safe from changes as what is written here."""
    tenant = import_(archive).tenant
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_auditentry DISABLE TRIGGER append_only")
        cursor.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant.pk)])
        cursor.execute(change)
        assert cursor.rowcount == 1
        cursor.execute("ALTER TABLE tenants_auditentry ENABLE TRIGGER append_only")
    connections["owner"].close()
    assert not verify(tenant.pk).intact


def number_of_entries(tenant):
    with tenant_context(tenant):
        return AuditEntry.objects.count()
