"""The pages of the audit logs and of stored secrets: what they show, and what they never do."""

from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator
from miosa.tests.audit_rows import entries, of, staff
from tenants import vault
from tenants.audit.watching import verify_all
from tenants.models import AuditEntry, PlatformAuditEntry, StoredSecret

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture(autouse=True)
def own_anchors(settings, tmp_path):
    """Anchors of other databases than this test's say nothing here."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, state_dir=tmp_path)


@pytest.fixture
def acme(db: None) -> Any:
    tenant = open_tenant("acme")
    fill(tenant)
    return tenant


@pytest.fixture
def client(db: None) -> Client:
    return operator()


def test_the_log_is_read_and_exported(client, acme):
    """The lists show who did what, the export holds the digests, and taking it away is recorded."""
    page = reverse("admin:tenants_auditentry_changelist")
    assert b"plan.changed" in client.get(page).content
    with platform():
        keys = [str(key) for key in AuditEntry.objects.values_list("pk", flat=True)]
    for way, kind in (("export_json_lines", b'"digest"'), ("export_csv", b"digest\r\n")):
        answer = client.post(page, {"action": way, "_selected_action": keys})
        body = b"".join(answer.streaming_content)
        assert kind in body
        assert body.count(b"plan.changed") == 1
    assert [entry.after["entries"] for entry in of("audit.exported")] == [len(keys)] * 2


def test_the_list_says_how_far_the_log_is_verified(client, acme):
    """Up to which number, or that it is broken, as the last walk found it."""
    cache.clear()
    page = reverse("admin:tenants_auditentry_changelist")
    assert b"Not verified yet" in client.get(page).content
    verify_all()
    with platform():
        last = AuditEntry.objects.count()
    shown = client.get(page, {"tenant__id__exact": str(acme.pk)}).content
    assert f"Verified up to number {last}".encode() in shown
    with platform():
        last = PlatformAuditEntry.objects.count()
    shown = client.get(reverse("admin:tenants_platformauditentry_changelist")).content
    assert f"Verified up to number {last}".encode() in shown


def test_entries_are_only_read(client, acme):
    """No page adds, changes or deletes one."""
    with platform():
        key = AuditEntry.objects.first().pk
    assert (
        client.post(reverse("admin:tenants_auditentry_change", args=[key]), {"action": "x"}).status_code
        == 403
    )
    assert (
        client.post(reverse("admin:tenants_auditentry_delete", args=[key]), {"post": "yes"}).status_code
        == 403
    )


def test_a_secret_is_set_and_deleted_and_never_shown(client, acme):
    """The pages name it; its value is on none of them, nor in the log."""
    form = {"tenant": str(acme.pk), "name": "provider/groq", "value": "canary-of-the-page"}
    pages = [client.post(reverse("admin:tenants_storedsecret_add"), form, follow=True)]
    with platform():
        row = StoredSecret.objects.get(name="provider/groq")
    pages.append(client.get(reverse("admin:tenants_storedsecret_change", args=[row.pk])))
    pages.append(client.get(reverse("admin:tenants_storedsecret_add")))
    pages.append(client.post(reverse("admin:tenants_storedsecret_add"), form | {"name": "wrong name"}))
    with tenant_context(acme):
        assert vault.read("provider/groq") == b"canary-of-the-page"
    away = reverse("admin:tenants_storedsecret_delete_secret", args=[row.pk])
    assert client.post(away, {"_form_submitted": "True"}).status_code == 302
    assert not any(b"canary-of-the-page" in page.content for page in pages)
    assert {entry.actor for entry in of("secret.stored")[-1:] + of("secret.deleted")} == {staff(client)}
    assert not any("canary-of-the-page" in str(entry.after) for entry in entries())
