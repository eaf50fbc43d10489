"""Every page of the admin: who sees it, that it stands on its own, and that facts stay facts."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from miosa import statistics
from miosa.pages.rows import Facts
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator, signed_in
from tenants.models import User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

# What a page loads by itself; a namespace's name or a link to follow is neither.
LOADED = re.compile(
    r"""(?:src|srcset|data|action|poster)=["'](?:https?:)?//|<link[^>]+href=["'](?:https?:)?//|url\(["']?https?:|@import"""
)
# Added by a form of their own, and changed by functions: their pages show them as facts.
MADE_HERE = {"ApiKey", "Invitation", "StoredSecret", "ApprovalPolicy", "Schedule", "ToolRule"}
MADE_BY_VIEW = {"miosa"}  # statistics have no pages of their own


def pages() -> list[str]:
    """Return the addresses of all lists and of the pages that belong to no model."""
    lists = [
        reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist") for m in admin.site._registry
    ]
    return [*lists, reverse("admin:index"), reverse("admin:miosa_agents")]


def row_pages() -> list[str]:
    """Return the address of one row of each model; every model has one by now."""
    found = []
    with platform():
        for model in admin.site._registry:
            if model._meta.app_label in MADE_BY_VIEW or model.__name__ == "Group":
                continue
            row = model._base_manager.first()
            assert row is not None, f"the tests have no row of {model.__name__}"
            found.append(
                reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            )
    return found


def add_pages() -> list[str]:
    names = (
        "tenants_tenant",
        "tenants_apikey",
        "tenants_membership",
        "tenants_invitation",
        "tenants_user",
        "tenants_domain",
        "billing_subscription",
    )
    return [reverse(f"admin:{name}_add") for name in names]


def two_tenants() -> tuple[Any, Any]:
    from tenants.models import Domain

    acme, globex = open_tenant("acme"), open_tenant("globex")
    with platform():
        Domain.objects.create(domain="acme.example", tenant=acme)
    fill(acme)
    fill(globex)
    statistics.refresh()
    return acme, globex


def test_it_shows_every_page_to_an_operator_without_a_foreign_address():
    """With rows of two tenants all lists, rows and forms answer 200, and load nothing from elsewhere."""
    two_tenants()
    client = operator()
    for address in [*pages(), *row_pages(), *add_pages()]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert not LOADED.search(answer.content.decode()), address


def test_it_names_both_tenants_in_every_list_of_tenant_rows():
    """The platform sees all tenants, and each row says whose it is."""
    two_tenants()
    client = operator()
    for model, page in admin.site._registry.items():
        if "tenant" not in page.list_display:
            continue
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        rows = [row.tenant.slug for row in client.get(address).context["cl"].result_list]
        wanted = {"acme"} if model.__name__ == "Domain" else {"acme", "globex"}
        assert set(rows) == wanted, model.__name__


def test_it_narrows_a_list_to_one_tenant():
    """The filter by tenant leaves that tenant's rows only."""
    acme, _globex = two_tenants()
    client = operator()
    for model, page in admin.site._registry.items():
        if "tenant" in page.list_filter:
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            answer = client.get(address, {"tenant__id__exact": acme.pk})
            assert {row.tenant_id for row in answer.context["cl"].result_list} == {acme.pk}, model.__name__


def test_it_sends_strangers_to_the_sign_in():
    """Without a session every page answers with the way to the sign-in."""
    for address in [*pages(), *add_pages()]:
        answer = Client().get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/admin/login/"), address


def test_it_lets_no_tenants_owner_in():
    """Who is not staff is sent away, even as owner of a tenant."""
    open_tenant("acme")
    client = Client()
    with platform():
        client.force_login(User.objects.get(email="owner@acme.example"))
    for address in [*pages(), *add_pages()]:
        assert client.get(address).status_code == 302, address


def test_it_shows_staff_only_what_their_rights_allow():
    """A member of staff without rights sees the first page, and neither rows nor navigation to them."""
    two_tenants()
    client = signed_in("bob@miosa.example", is_staff=True)
    assert client.get(reverse("admin:agents_execution_changelist")).status_code == 403
    assert client.get(reverse("admin:miosa_agents")).status_code == 403
    first = client.get(reverse("admin:index"))
    assert first.status_code == 200
    assert "Count the words" not in first.content.decode()


def test_it_changes_no_fact():
    """Posting to add, change or delete a fact is refused, even to a superuser."""
    two_tenants()
    client = operator()
    facts = [model for model, page in admin.site._registry.items() if isinstance(page, Facts)]
    assert len(facts) > 12
    with platform():
        for model in facts:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            row = model._base_manager.first()
            if model.__name__ not in MADE_HERE:
                assert client.post(reverse(f"{name}_add"), {}).status_code == 403, model
            for way in ("change", "delete"):
                assert (
                    client.post(reverse(f"{name}_{way}", args=[row.pk]), {"post": "yes"}).status_code == 403
                ), (model, way)
            assert model._base_manager.filter(pk=row.pk).exists()
