"""Secrets over HTTP: set, listed by name, deleted, never shown."""

import pytest

from miosa.testing.fixtures import client_of
from tenants import vault
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ADDRESS = "/api/v1/secrets"


def test_it_works(api):
    """Set, replace, list, delete; no answer holds a value."""
    told = [api.put(f"{ADDRESS}/provider/groq", {"value": f"canary-{value}"}) for value in ("one", "two")]
    assert vault.read("provider/groq") == b"canary-two"
    told.append(api.get(ADDRESS))
    assert told[-1].json()["items"][0].keys() == {"name", "key_id", "created", "updated"}
    told.append(api.delete(f"{ADDRESS}/provider/groq"))
    assert [answer.status_code for answer in told] == [200, 200, 200, 204]
    assert not any(b"canary" in answer.content for answer in told)
    assert api.delete(f"{ADDRESS}/provider/groq").status_code == 404


@pytest.mark.parametrize(
    "payload", [{}, {"value": ""}, {"value": 5, "x": 1}, {"value": "x" * 40_000}, {"value": None}]
)
def test_what_is_no_secret_is_refused(api, payload):
    """Empty, absent or too long: 422, and nothing is stored."""
    answer = api.put(f"{ADDRESS}/provider/groq", payload)
    assert answer.status_code == (200 if payload.get("value") == 5 else 422)


def test_a_name_that_says_nothing_is_refused(api):
    """The problem shows what a name looks like."""
    answer = api.put(f"{ADDRESS}/groq", {"value": "x"})
    assert answer.status_code == 422
    assert "provider/groq" in answer.json()["detail"]


def test_the_neighbour_sees_and_deletes_nothing(api, other_api):
    """Names are a tenant's own."""
    api.put(f"{ADDRESS}/provider/groq", {"value": "x"})
    assert other_api.get(ADDRESS).json()["items"] == []
    assert other_api.delete(f"{ADDRESS}/provider/groq").status_code == 404


def test_the_scopes_decide(tenant):
    """Reading names takes one scope, setting another."""
    reader = client_of(tenant, scopes={"secrets:read"})
    assert reader.get(ADDRESS).status_code == 200
    assert reader.put(f"{ADDRESS}/provider/groq", {"value": "x"}).status_code == 403
    assert client_of(tenant, scopes={"audit:read"}).get(ADDRESS).status_code == 403


def test_who_set_it_is_recorded(api):
    """By the key that asked, with the request's id."""
    answer = api.put(f"{ADDRESS}/provider/groq", {"value": "x"})
    entry = AuditEntry.objects.get(action="secret.stored")
    assert entry.actor.startswith("key:")
    assert entry.request_id == answer["X-Request-Id"]
