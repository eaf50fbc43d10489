"""No change made in the admin goes unrecorded."""

from dataclasses import replace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from miosa.pages.recorded import Recorded
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator
from miosa.tests.audit_rows import entries, of, staff
from tenants.models import Domain, Membership, User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture(autouse=True)
def own_anchors(settings, tmp_path):
    """Anchors of other databases than this test's say nothing here."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, state_dir=tmp_path)


# Pages whose rows are written by a function that records by itself, in the transaction of its change.
RECORDED_BELOW = {"MembershipAdmin"}


@pytest.fixture
def acme(db: None) -> Any:
    tenant = open_tenant("acme")
    fill(tenant)
    return tenant


@pytest.fixture
def client(db: None) -> Client:
    return operator()


def test_every_registered_page_is_recorded():
    """A page that could change rows without being told of would be found here."""
    loose = [type(page).__name__ for page in admin.site._registry.values() if not isinstance(page, Recorded)]
    assert loose == []


def test_no_page_goes_past_the_record():
    """Whoever overrides a hook of the record calls on to it, or is named here with the reason."""
    hooks = ("log_addition", "log_change", "log_deletions", "get_object", "save_formset", "response_action")
    past = [
        f"{type(page).__name__}.{hook}"
        for page in admin.site._registry.values()
        for kind in type(page).__mro__[: type(page).__mro__.index(Recorded)]
        for hook in hooks
        if hook in vars(kind)
    ]
    assert set(past) == {f"{name}.{hook}" for name in RECORDED_BELOW for hook in hooks[:3]}


def test_a_changed_person_is_recorded_with_both_sides(client):
    """Only what differs is told, and a password never is."""
    with platform():
        person = User.objects.create_user("bob@miosa.example", "bob-password-1")
    fields = {"email": "bob@miosa.example", "name": "Bob", "is_active": "on", "is_staff": "on"}
    assert client.post(reverse("admin:tenants_user_change", args=[person.pk]), fields).status_code == 302
    (entry,) = of("admin.user_changed")
    assert entry.actor == staff(client)
    assert entry.before == {"name": "", "is_staff": False}
    assert entry.after == {"name": "Bob", "is_staff": True}
    assert entry.request_id
    assert entry.address == "127.0.0.1"


def test_a_changed_password_is_told_and_hidden(client):
    """The entry says that it is another one, and neither hash."""
    with platform():
        person = User.objects.create_user("bob@miosa.example", "bob-password-1")
    fields = {"password1": "quite-another-1", "password2": "quite-another-1", "usable_password": "true"}
    address = reverse("admin:auth_user_password_change", args=[person.pk])
    assert client.post(address, fields).status_code == 302
    (entry,) = of("admin.user_changed")
    assert entry.after == {"password": "[hidden, changed]"}


def test_host_names_on_a_tenants_page_are_recorded_one_by_one(client, acme):
    """Rows of an inline are changes too: added, changed and deleted."""
    page = reverse("admin:tenants_tenant_change", args=[acme.pk])
    form = {"name": "Acme", "domains-TOTAL_FORMS": "1", "domains-INITIAL_FORMS": "0"}
    added = {"domains-0-domain": "acme.example", "domains-0-tenant": str(acme.pk)}
    assert client.post(page, form | added).status_code == 302
    with platform():
        key = str(Domain.objects.get().pk)
    stored = {"domains-INITIAL_FORMS": "1", "domains-0-id": key}
    client.post(page, form | added | stored | {"domains-0-domain": "www.acme.example"})
    client.post(page, form | added | stored | {"domains-0-DELETE": "on"})
    assert [of(f"admin.domain_{what}")[0].object_id for what in ("added", "changed", "deleted")] == [key] * 3
    (changed,), (deleted,) = of("admin.domain_changed"), of("admin.domain_deleted")
    assert (changed.before["domain"], changed.after["domain"]) == ("acme.example", "www.acme.example")
    assert (deleted.before["domain"], deleted.after) == ("www.acme.example", None)
    assert {changed.tenant_id, deleted.tenant_id} == {acme.pk}


def test_many_rows_deleted_at_once_are_recorded_each(client, acme):
    """The list's own action leaves an entry for each row."""
    with platform():
        rows = [Domain.objects.create(domain=f"{n}.example", tenant=acme) for n in ("a", "b")]
    form = {"action": "delete_selected", "_selected_action": [str(row.pk) for row in rows], "post": "yes"}
    assert client.post(reverse("admin:tenants_domain_changelist"), form).status_code == 302
    assert sorted(entry.before["domain"] for entry in of("admin.domain_deleted")) == [
        "a.example",
        "b.example",
    ]


def test_a_plan_changed_as_the_tenant_is_recorded_by_both_without_waiting_for_oneself(client, acme):
    """The service writes on the tenant's login, the page on the platform's: both entries, in one chain."""
    with platform():
        from billing.models import Subscription

        row = Subscription.objects.get()
    page = reverse("admin:billing_subscription_change", args=[row.pk])
    assert client.post(page, {"plan": "pro"}).status_code == 302
    plan, page_entry = of("plan.changed")[-1], of("admin.subscription_changed")[-1]
    assert plan.before["plan"] == "starter"
    assert plan.after["plan"] == "pro"
    assert plan.actor == page_entry.actor == staff(client)
    assert page_entry.number == plan.number + 1
    assert page_entry.after["plan"] == "pro"


def test_a_deactivated_tenant_is_recorded(client, acme):
    """What an action of one row does is told by its word, with both sides."""
    client.post(reverse("admin:tenants_tenant_deactivate", args=[acme.pk]), {"_form_submitted": "True"})
    (entry,) = of("admin.tenant_changed")
    assert (entry.before["active"], entry.after["active"], entry.after["done"]) == (
        True,
        False,
        "Deactivated.",
    )


def permitted() -> list[Any]:
    """Every page that lets a superuser change something."""
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    return [
        page
        for page in admin.site._registry.values()
        if page.has_add_permission(request)
        or page.has_change_permission(request)
        or page.has_delete_permission(request)
    ]


def test_what_each_page_tells_reaches_the_log(client, acme, rf):
    """Every model that may be added, changed or deleted here: the three hooks of its page write three entries."""
    request = rf.post("/admin/")
    with platform():
        request.user = User.objects.get(email="ada@miosa.example")
        for page in permitted():
            if type(page).__name__ in RECORDED_BELOW:
                continue
            row = page.model._base_manager.first() or page.model(pk=1)
            before = len(entries())
            page.log_addition(request, row, "Made.")
            page.log_change(request, row, "Changed.")
            page.log_deletions(request, [row])
            told = entries()
            assert len(told) == before + 3, page
            assert {e.before is None for e in told if e.action == f"admin.{page.opts.model_name}_added"} == {
                True
            }
            assert {e.after is None for e in told if e.action == f"admin.{page.opts.model_name}_deleted"} == {
                True
            }


def test_a_members_changes_are_recorded_by_who_writes_them(client, acme):
    """Added, changed and deleted on their page: one entry each, by the member of staff, with both sides."""
    with platform():
        person = User.objects.create_user("bob@miosa.example", "bob-password-1")
    form = {"tenant": str(acme.pk), "user": str(person.pk), "role": "member"}
    assert client.post(reverse("admin:tenants_membership_add"), form).status_code == 302
    with platform():
        key = Membership.objects.get(user=person).pk
    page = reverse("admin:tenants_membership_change", args=[key])
    assert client.post(page, form | {"role": "viewer"}).status_code == 302
    away = reverse("admin:tenants_membership_delete", args=[key])
    assert client.post(away, {"post": "yes"}).status_code == 302
    (added,), (changed,), (removed,) = of("member.added"), of("member.role_changed"), of("member.removed")
    assert {one.actor for one in (added, changed, removed)} == {staff(client)}
    assert (changed.before, changed.after) == ({"role": "member"}, {"role": "viewer"})
    assert (added.before, removed.after) == (None, None)
