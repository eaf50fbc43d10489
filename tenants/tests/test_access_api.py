"""Sign-in, keys and the refusals on the way."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of, open_tenant
from tenants.models import ApiKey, Membership, Role, Tenant, User
from tenants.scopes import ALL, SCOPES_OF_ROLE

SIGN_IN = {"email": "owner@acme.example", "password": "acme-password-1", "tenant": "acme"}


def bearer(credential):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {credential}")
    return client


def test_it_signs_in(tenant):
    """E-mail address and password become a token that opens the tenant."""
    answer = APIClient().post("/api/v1/tokens", SIGN_IN)
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    token = answer.json()["access_token"]
    assert bearer(token).get("/api/v1/api-keys").status_code == 200


@pytest.mark.parametrize(
    "change", [{"password": "wrong-password"}, {"email": "nobody@acme.example"}, {"tenant": "globex"}]
)
def test_it_refuses_a_wrong_sign_in(tenant, other_tenant, change):
    """All wrong sign-ins get the same answer."""
    answer = APIClient().post("/api/v1/tokens", SIGN_IN | change)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "E-mail address, password or tenant is wrong."


def test_it_ends_a_token_with_the_membership(tenant, owner):
    """Who is no member any more is out at once, whatever the token says."""
    token = APIClient().post("/api/v1/tokens", SIGN_IN).json()["access_token"]
    Membership.objects.all().delete()
    assert bearer(token).get("/api/v1/api-keys").status_code == 401


def test_it_limits_a_token_to_the_role(tenant, owner):
    """A viewer's token reads and does not write."""
    Membership.objects.update(role=Role.VIEWER)
    client = bearer(APIClient().post("/api/v1/tokens", SIGN_IN).json()["access_token"])
    assert client.get("/api/v1/agents").status_code == 200
    assert client.get("/api/v1/api-keys").status_code == 403


def test_it_makes_shows_and_revokes_a_key(api, tenant):
    """A key is shown once, works, is listed without its secret, and ends when revoked."""
    made = api.post("/api/v1/api-keys", {"name": "ci", "scopes": ["agents:read"]})
    assert made.status_code == 201
    key = made.json()["key"]
    assert bearer(key).get("/api/v1/agents").status_code == 200
    assert bearer(key).get("/api/v1/api-keys").status_code == 403
    assert key not in api.get("/api/v1/api-keys").content.decode()
    place = f"/api/v1/api-keys/{made.json()['id']}"
    assert "key" not in api.get(place).json()
    assert api.delete(place).status_code == 204
    assert bearer(key).get("/api/v1/agents").status_code == 401
    assert api.get(place).json()["revoked_at"]


def test_it_stores_no_plain_key(api, tenant):
    """The table holds a keyed hash and a prefix that opens nothing."""
    key = api.post("/api/v1/api-keys", {"name": "ci", "scopes": ["agents:read"]}).json()["key"]
    row = ApiKey.objects.get(name="ci")
    assert key.startswith(row.prefix)
    assert len(row.prefix) < len(key) - 30
    assert bytes(row.digest) != key.encode()


def test_it_delegates_no_more_than_it_has(tenant):
    """A key's maker cannot give it a scope the maker lacks."""
    limited = client_of(tenant, scopes={"api-keys:write", "agents:read"})
    refused = limited.post("/api/v1/api-keys", {"name": "wide", "scopes": ["agents:read", "tasks:write"]})
    assert refused.status_code == 403
    assert "tasks:write" in refused.json()["detail"]
    assert not ApiKey.objects.filter(name="wide").exists()


def test_it_ends_a_key_at_its_expiry(api, tenant):
    """An expired key is no key; one cannot be made to expire in the past."""
    soon = timezone.now() + timedelta(hours=1)
    made = api.post(
        "/api/v1/api-keys", {"name": "t", "scopes": ["agents:read"], "expires_at": soon.isoformat()}
    )
    key = made.json()["key"]
    assert bearer(key).get("/api/v1/agents").status_code == 200
    ApiKey.objects.filter(name="t").update(expires_at=timezone.now())
    assert bearer(key).get("/api/v1/agents").status_code == 401
    past = {"name": "t", "scopes": ["agents:read"], "expires_at": "2020-01-01T00:00:00Z"}
    refused = api.post("/api/v1/api-keys", past)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/expires_at"


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "miosa_",
        "miosa_" + "0" * 32 + "_" + "a" * 43,
        "miosa_" + "g" * 32 + "_" + "a" * 43,
        "null",
        "x.y.z",
    ],
)
def test_it_refuses_credentials_that_are_none(tenant, credential):
    """Whatever is sent instead of a credential gets a 401 with a challenge."""
    answer = bearer(credential).get("/api/v1/agents")
    assert answer.status_code == 401
    assert "Bearer" in answer["WWW-Authenticate"]


def test_it_refuses_a_key_under_another_tenants_name(tenant, other_tenant, api):
    """A key is looked up behind the wall of the tenant it names: changing the name finds nothing."""
    key = api.post("/api/v1/api-keys", {"name": "ci", "scopes": ["agents:read"]}).json()["key"]
    assert bearer(key.replace(tenant.pk.hex, other_tenant.pk.hex)).get("/api/v1/agents").status_code == 401


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_closes_a_tenant_that_is_not_active():
    """Deactivating a tenant ends its credentials at once."""
    acme = open_tenant("acme")
    api = client_of(acme)
    assert api.get("/api/v1/agents").status_code == 200
    with platform():
        Tenant.objects.filter(pk=acme.pk).update(active=False)
    assert api.get("/api/v1/agents").status_code == 401


def test_its_roles_grow(db):
    """Each role may do all that the one below it may."""
    viewer, member, admin, owner = (SCOPES_OF_ROLE[role] for role in ("viewer", "member", "admin", "owner"))
    assert viewer < member < admin < owner == ALL


def test_it_needs_an_address(db):
    """A person without an e-mail address is refused."""
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("")
