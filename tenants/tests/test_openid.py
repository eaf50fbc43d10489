"""Signing in at an OpenID provider, against a real one on a socket: the API's way there and back."""

import time

import pytest
from django.test import Client
from django_tenants.utils import tenant_context
from rest_framework.test import APIClient

from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from miosa.testing.openid_provider import CLIENT_ID, CLIENT_SECRET, OpenIDProvider
from tenants.models import AuditEntry, Identity
from tenants.tests.openid_browser import API_DOOR, at_the_provider, query_of, sign_in, trusting

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
OWNER = {"sub": "subject-1", "email": "Owner@acme.example", "email_verified": True, "name": "Olga"}


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.fixture
def there(acme):
    with OpenIDProvider() as provider, trusting(provider):
        provider.person = dict(OWNER)
        yield provider


def identities():
    with platform():
        return list(Identity.objects.values_list("subject", "user__email"))


def test_it_signs_in(there, acme):
    """The way there and back ends with tokens that open the tenant, kept by no cache, and with a linked account."""
    answer = sign_in(Client())
    assert answer.status_code == 200, answer.content
    assert "no-store" in answer["Cache-Control"]
    tokens = answer.json()
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}")
    assert client.get("/api/v1/me").json()["email"] == "owner@acme.example"
    assert (
        client.post("/api/v1/tokens/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 201
    )
    assert identities() == [("subject-1", "owner@acme.example")]
    with tenant_context(acme):
        assert AuditEntry.objects.get(action="identity.linked").after["subject"] == "subject-1"


def test_it_asks_for_a_code_with_pkce_state_and_nonce(there):
    """What the browser carries to the provider proves nothing by itself, and no secret of ours is in it."""
    answer = Client().get("/api/v1/openid/login", {"tenant": "acme"})
    asked = query_of(answer["Location"])
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == (
        "code",
        CLIENT_ID,
        "S256",
    )
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    assert asked["redirect_uri"] == f"http://127.0.0.1:8000{API_DOOR}"
    assert CLIENT_SECRET not in answer["Location"]
    cookie = answer.cookies["miosa_openid"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", API_DOOR)
    assert "no-store" in answer["Cache-Control"]


def test_the_identity_counts_whatever_becomes_of_the_address(there):
    """After the first time issuer and subject name the person: another address at the provider changes nothing."""
    assert sign_in(Client()).status_code == 200
    there.person |= {"email": "renamed@acme.example", "email_verified": False}
    assert sign_in(Client()).status_code == 200
    assert identities() == [("subject-1", "owner@acme.example")]


def test_another_account_with_the_same_address_is_not_the_person(there):
    """Once linked, an address that was given to somebody else at the provider opens nothing."""
    assert sign_in(Client()).status_code == 200
    there.person["sub"] = "subject-2"
    assert sign_in(Client()).status_code == 401
    assert identities() == [("subject-1", "owner@acme.example")]


def test_it_asks_for_the_address_where_the_token_has_none(there):
    """Some providers tell the address only at their userinfo endpoint; it has to speak of the same person."""
    there.person = {"sub": "subject-1"}
    there.userinfo = dict(OWNER)
    assert sign_in(Client()).status_code == 200
    there.userinfo = {**OWNER, "sub": "subject-9"}
    assert sign_in(Client()).status_code == 401


def test_it_follows_the_provider_to_a_new_key(there):
    """After a rotation the new key is fetched at its first use, without a restart."""
    assert sign_in(Client()).status_code == 200
    there.rotate()
    assert sign_in(Client()).status_code == 200
    assert [path for path in there.requests if path == "/jwks"] == ["/jwks", "/jwks"]


def test_a_provider_out_of_order_is_told_as_such(there):
    """Errors of the provider are 503 with a hint, before the way there and on the way back; the log holds no secret."""
    client = Client()
    back = at_the_provider(client.get("/api/v1/openid/login", {"tenant": "acme"})["Location"])
    there.out_of_order = True
    answer = client.get(back)
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert "use a password" in answer.json()["detail"]


def test_a_silent_provider_costs_seconds_and_no_more(there, monkeypatch):
    """A provider that takes requests and never answers ends in 503 within the time we wait."""
    monkeypatch.setattr("tenants.openid.provider.READ_TIMEOUT_S", 0.5)
    there.silent.set()
    began = time.monotonic()
    assert Client().get("/api/v1/openid/login", {"tenant": "acme"}).status_code == 503
    assert time.monotonic() - began < 15


def test_it_is_not_there_when_no_provider_is_set_up(acme):
    """Without OIDC_ISSUER both routes say so."""
    for path in ("login", "callback"):
        answer = Client().get(f"/api/v1/openid/{path}", {"tenant": "acme"})
        assert answer.status_code in {400, 404}
    assert "not set up" in Client().get("/api/v1/openid/login", {"tenant": "acme"}).json()["detail"]


def test_it_names_a_tenant_that_can_be_one(there):
    """A missing or impossible tenant is told at once, with its place."""
    assert Client().get("/api/v1/openid/login").status_code == 422
    assert Client().get("/api/v1/openid/login", {"tenant": "not a slug"}).status_code == 422


def test_no_secret_reaches_the_log(there, caplog):
    """Code, verifier, tokens and the secret at the provider stand in no line, of any level, of our own loggers."""
    caplog.set_level("INFO")
    client = Client()
    begun = client.get("/api/v1/openid/login", {"tenant": "acme"})
    back = at_the_provider(begun["Location"])
    there.claims = {"aud": "somebody-else"}
    assert client.get(back).status_code == 401
    told = there.token_requests[-1]
    for secret in (told["code"], told["code_verifier"], CLIENT_SECRET, query_of(back)["state"]):
        assert secret not in caplog.text
