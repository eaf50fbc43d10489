"""Memories in the admin: staff edit and forget them as their tenant would, and the log holds no words of theirs."""

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents.models import Memory, MemoryVector
from agents.tests.memories import embeddings, note, why
from miosa.pg.platform import platform
from miosa.tests.admin_rows import operator
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def staff(db):
    return operator()


@pytest.fixture
def row(tenant):
    with embeddings():
        yield note("former words of a tool", origin="tool")


def test_it_is_edited_as_its_tenant_would(staff, tenant, row):
    """Other words get another vector, the origin stays, and the audit log tells of it by hash alone."""
    page = reverse("admin:agents_memory_change", args=[row.pk])
    assert b"former words of a tool" in staff.get(page).content
    form = {"text": "purple beans", "importance": "0.9", "expires_0": "", "expires_1": ""}
    assert staff.post(page, form).status_code == 302
    with tenant_context(tenant):
        edited = Memory.objects.get()
        assert (edited.text, edited.importance, edited.origin) == ("purple beans", 0.9, "tool")
        assert edited.edited_by.startswith("staff:")
        assert why("purple beans")[0].similarity == pytest.approx(1, abs=0.01)
        entries = list(AuditEntry.objects.filter(object_id=str(row.pk)).order_by("number"))
    assert [entry.action for entry in entries][1:] == ["memory.edited", "admin.memory_changed"]
    assert "beans" not in str([(entry.before, entry.after) for entry in entries])


def test_what_cannot_be_is_refused_in_the_form(staff, row):
    """An importance beyond its range changes nothing."""
    page = reverse("admin:agents_memory_change", args=[row.pk])
    form = {"text": "x", "importance": "7", "expires_0": "2020-01-01", "expires_1": "00:00"}
    assert staff.post(page, form).status_code == 200
    with platform():
        assert Memory.objects.get().text == "former words of a tool"


def test_it_is_forgotten(staff, row):
    """One by its page, many by the list's own action."""
    second = note("another")
    page = reverse("admin:agents_memory_delete", args=[row.pk])
    assert staff.post(page, {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [str(second.pk)], "post": "yes"}
    assert staff.post(reverse("admin:agents_memory_changelist"), chosen).status_code == 302
    with platform():
        assert not Memory.objects.exists()
        assert not MemoryVector.objects.exists()
