"""The admin's pages of tenants, people and keys."""

import re

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from miosa.http.problem import Unauthenticated
from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from miosa.tests.admin_rows import as_platform, operator, queries
from tenants import api_keys
from tenants.models import ApiKey, Domain, Membership, Tenant, User

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
YES = {"_form_submitted": "True"}
NEW = {
    "slug": "initech",
    "name": "Initech",
    "owner_email": "Boss@initech.example",
    "password": "initech-pass-1",
    "domain": "initech.example",
}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def client(acme):
    return operator()


def make_key(client, owner, **values):
    """Make a key in the admin; return the answer's text and the key in it."""
    form = {
        "tenant": owner.pk,
        "name": "robot",
        "scopes": ["executions:read"],
        "expires_at_0": "",
        "expires_at_1": "",
        **values,
    }
    answer = client.post(reverse("admin:tenants_apikey_add"), form)
    found = re.search(r"miosa_[0-9a-f]{32}_[\w-]{43}", answer.content.decode())
    return answer, found[0] if found else None


@pytest.mark.parametrize(
    "name", ["tenants_tenant", "tenants_domain", "tenants_membership", "tenants_apikey", "tenants_user"]
)
def test_it_lists_more_rows_without_more_queries(acme, client, name):
    """The number of queries does not follow the number of rows."""

    def add(slug):
        made = open_tenant(slug)
        with platform():
            Domain.objects.create(domain=f"{slug}.example", tenant=made)
        client_of(made)

    add("globex")
    few = queries(client, name)
    add("hooli")
    add("umbrella")
    assert queries(client, name) == few


def test_it_opens_a_tenant_with_its_owner(client):
    """The form opens a tenant as commands do: registry row, host name, owner with a password, membership."""
    assert client.post(reverse("admin:tenants_tenant_add"), NEW).status_code == 302
    made = as_platform(Tenant, slug="initech")
    assert as_platform(Domain, domain="initech.example").tenant_id == made.pk
    owner = as_platform(User, email="boss@initech.example")
    assert owner.check_password("initech-pass-1")
    with tenant_context(made):
        assert Membership.objects.get().role == "owner"


def test_it_makes_a_known_person_the_owner_and_leaves_the_password(client):
    """An owner of another tenant keeps membership and password there."""
    values = NEW | {"owner_email": "owner@acme.example"}
    assert client.post(reverse("admin:tenants_tenant_add"), values).status_code == 302
    assert as_platform(User, email="owner@acme.example").check_password("acme-password-1")
    for slug in ("acme", "initech"):
        with tenant_context(as_platform(Tenant, slug=slug)):
            assert Membership.objects.get().role == "owner"


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "acme"},
        {"slug": "not a slug"},
        {"owner_email": "nobody"},
        {"password": "short"},
        {"name": ""},
    ],
)
def test_it_opens_no_tenant_from_a_wrong_form(client, wrong):
    """The form comes back with what is wrong, and nothing is made."""
    answer = client.post(reverse("admin:tenants_tenant_add"), NEW | wrong)
    assert answer.status_code == 200
    assert "Please correct the error" in answer.content.decode()
    with platform():
        assert Tenant.objects.count() == 1


def test_it_deactivates_a_tenant_and_activates_it_again(acme, client):
    """A deactivated tenant's keys are refused; activated, they work again."""
    api = client_of(acme)
    assert api.get("/api/v1/usage").status_code == 200
    for way, status in (("deactivate", 401), ("activate", 200)):
        assert client.post(reverse(f"admin:tenants_tenant_{way}", args=[acme.pk]), YES).status_code == 302
        assert api.get("/api/v1/usage").status_code == status
        assert (
            client.post(reverse(f"admin:tenants_tenant_{way}", args=[acme.pk]), YES).status_code == 403
        )  # it is so already


def test_it_deletes_no_tenant(acme, client):
    """Rows of a tenant outlive it; it can only be deactivated."""
    assert (
        client.post(reverse("admin:tenants_tenant_delete", args=[acme.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_it_shows_a_new_key_once(acme, client):
    """The answer to making a key holds it, unkept by caches; no later page does, and it works."""
    answer, key = make_key(client, acme)
    assert "no-store" in answer["Cache-Control"]
    with tenant_context(acme):
        row = ApiKey.objects.get()
        assert api_keys.resolve(key).scopes == {"executions:read"}
    for address in (
        reverse("admin:tenants_apikey_change", args=[row.pk]),
        reverse("admin:tenants_apikey_changelist"),
    ):
        assert key not in client.get(address).content.decode()
    history = client.get(reverse("admin:tenants_apikey_history", args=[row.pk])).content.decode()
    assert key not in history
    with platform():
        assert ApiKey.objects.get(pk=row.pk).created_by is None  # the platform's: it hangs on no member


def test_it_makes_a_key_for_the_chosen_tenant_only(acme, client):
    """The key stands behind its own tenant's wall."""
    globex = open_tenant("globex")
    make_key(client, globex)
    with tenant_context(acme):
        assert not ApiKey.objects.exists()
    with tenant_context(globex):
        assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": ""},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_at_0": "2020-01-01", "expires_at_1": "00:00"},
    ],
)
def test_it_makes_no_key_from_a_wrong_form(acme, client, wrong):
    """Tenant and scopes are required and known, and a key does not begin expired."""
    answer, key = make_key(client, acme, **wrong)
    assert (answer.status_code, key) == (200, None)
    with tenant_context(acme):
        assert not ApiKey.objects.exists()


def test_it_revokes_a_key_for_good(acme, client):
    """A revoked key is refused, and there is no way to revoke or revive it afterwards."""
    _, key = make_key(client, acme)
    with tenant_context(acme):
        row = ApiKey.objects.get()
    way = reverse("admin:tenants_apikey_revoke", args=[row.pk])
    assert "never works again" in client.get(way).content.decode()
    assert client.post(way, YES).status_code == 302
    with tenant_context(acme), pytest.raises(Unauthenticated):
        api_keys.resolve(key)
    assert client.post(way, YES).status_code == 403


def test_it_gives_a_person_a_role_in_the_chosen_tenant(acme, client):
    """A membership is made in the tenant of the form; the same person twice is refused."""
    person = User.objects.create_user("carol@acme.example")
    form = {"tenant": acme.pk, "user": person.pk, "role": "viewer"}
    assert client.post(reverse("admin:tenants_membership_add"), form).status_code == 302
    with tenant_context(acme):
        assert Membership.objects.get(user=person).role == "viewer"
    again = client.post(reverse("admin:tenants_membership_add"), form)
    assert again.status_code == 200
    assert "already exists" in again.content.decode()


def test_it_leaves_every_tenant_an_owner(acme, client):
    """The last owner is neither demoted nor removed; with a second one both are possible."""
    with tenant_context(acme):
        last = Membership.objects.get()
    change = reverse("admin:tenants_membership_change", args=[last.pk])
    delete = reverse("admin:tenants_membership_delete", args=[last.pk])
    assert "keeps an owner" in client.post(change, {"role": "viewer"}).content.decode()
    assert client.post(delete, {"post": "yes"}).status_code == 403
    with tenant_context(acme):
        Membership.objects.create(user=User.objects.create_user("carol@acme.example"), role="owner")
    assert client.post(change, {"role": "viewer"}).status_code == 302
    assert client.post(delete, {"post": "yes"}).status_code == 302
    with tenant_context(acme):
        assert Membership.objects.get().user.email == "carol@acme.example"


def test_it_adds_a_person_under_small_letters(client):
    """Whatever was typed, people are known by an address in small letters."""
    form = {
        "email": "Dave@Acme.Example",
        "name": "Dave",
        "password1": "dave-password-1",
        "password2": "dave-password-1",
    }
    assert client.post(reverse("admin:tenants_user_add"), form).status_code == 302
    assert as_platform(User, email="dave@acme.example").check_password("dave-password-1")
