"""API keys through the API: made within limits, narrowed, rotated, ended with what they descend from."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from miosa.pg.platform import platform
from miosa.testing.fixtures import client_of
from tenants import api_keys
from tenants.models import ApiKey, AuditEntry, IdempotentRequest, Membership, Role, User
from tenants.scopes import ALL

READ_AND_MAKE = ["agents:read", "api-keys:read", "api-keys:write"]
KEYS = "/api/v1/api-keys"


def bearer(key):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def made(client, **values):
    answer = client.post(KEYS, {"name": "made", "scopes": READ_AND_MAKE} | values)
    assert answer.status_code == 201, answer.content
    return answer.json()


def soon(**ahead):
    return (timezone.now() + timedelta(**ahead)).isoformat()


def test_it_works(api, tenant):
    """A key carries scopes, expiry, rate and budget, and its making names them."""
    key = made(api, rate_per_minute=60, budget_micros=5_000_000, expires_at=soon(days=1))
    assert (key["rate_per_minute"], key["budget_micros"]) == (60, 5_000_000)
    told = bearer(key["key"]).get(f"{KEYS}/{key['id']}").json()
    assert told["spent_micros"] == told["reserved_micros"] == 0
    assert told["scopes"] == READ_AND_MAKE
    assert "key" not in told


def test_a_childs_limits_are_its_makers_where_it_names_none(api, tenant):
    """Expiry, rate and budget are handed on; the parent is named."""
    parent = made(api, rate_per_minute=60, budget_micros=5, expires_at=soon(days=1))
    child = made(bearer(parent["key"]))
    for name in ("rate_per_minute", "budget_micros", "expires_at"):
        assert child[name] == parent[name], name
    assert child["parent_id"] == parent["id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scopes": ["tasks:write"]}, "tasks:write"),
        ({"rate_per_minute": 61}, "at most 60"),
        ({"budget_micros": 6}, "at most 5"),
        ({"expires_at": soon(days=2)}, "at the latest"),
    ],
)
def test_a_child_never_reaches_beyond_its_maker(api, tenant, change, said):
    """Each wider limit is refused with the limit that counts, and nothing is made."""
    parent = made(api, rate_per_minute=60, budget_micros=5, expires_at=soon(days=1))
    before = ApiKey.objects.count()
    refused = bearer(parent["key"]).post(KEYS, {"name": "wide", "scopes": ["agents:read"]} | change)
    assert refused.status_code == 403
    assert said in refused.json()["detail"]
    assert ApiKey.objects.count() == before


def test_keys_made_by_keys_go_five_deep(api, tenant):
    """The sixth in a row is refused; the fifth works."""
    client = api
    for _ in range(4):
        client = bearer(made(client)["key"])
    assert client.get(KEYS).status_code == 200
    refused = client.post(KEYS, {"name": "too deep", "scopes": ["agents:read"]})
    assert refused.status_code == 403
    assert "5 deep" in refused.json()["detail"]


def test_a_revoked_parent_ends_its_children_at_once(api, tenant):
    """So does an expired one: nothing that descends from it opens anything any more."""
    parent = made(api)
    child = made(bearer(parent["key"]))
    grandchild = made(bearer(child["key"]))
    assert bearer(grandchild["key"]).get(KEYS).status_code == 200
    ApiKey.objects.filter(pk=parent["id"]).update(expires_at=timezone.now())
    assert bearer(grandchild["key"]).get(KEYS).status_code == 401
    ApiKey.objects.filter(pk=parent["id"]).update(expires_at=None)
    assert bearer(grandchild["key"]).get(KEYS).status_code == 200
    assert api.delete(f"{KEYS}/{parent['id']}").status_code == 204
    assert [bearer(one["key"]).get(KEYS).status_code for one in (parent, child, grandchild)] == [401] * 3


def test_a_narrowed_parent_narrows_its_children_at_once(api, tenant):
    """Scopes, rate and budget of a key are bounded by what the key above it has now."""
    parent = made(api)
    child = made(bearer(parent["key"]))
    narrowed = {"scopes": ["agents:read"], "rate_per_minute": 7, "budget_micros": 9}
    assert api.patch(f"{KEYS}/{parent['id']}", narrowed).status_code == 200
    assert bearer(child["key"]).get(KEYS).status_code == 403
    found = api_keys.resolve(child["key"])
    assert found.scopes == frozenset({"agents:read"})
    assert (found.rate_per_minute, found.budget_micros) == (7, 9)


def test_a_key_may_do_what_its_maker_may_do_now(tenant, owner):
    """A demoted person's keys lose what the person lost; with the membership they die; the platform's do not."""
    key, made_by_nobody = (
        api_keys.make("k", scopes=ALL, created_by_id=person)[1] for person in (owner.pk, None)
    )
    assert bearer(key).get(KEYS).status_code == 200
    Membership.objects.update(role=Role.MEMBER)
    assert bearer(key).get(KEYS).status_code == 403
    assert bearer(key).get("/api/v1/agents").status_code == 200
    Membership.objects.all().delete()
    assert bearer(key).get("/api/v1/agents").status_code == 401
    assert bearer(made_by_nobody).get(KEYS).status_code == 200


def test_a_key_is_narrowed(api, tenant):
    """Name, scopes, rate, budget and expiry come closer at once; the log tells before and after."""
    key = made(api)
    place = f"{KEYS}/{key['id']}"
    changed = api.patch(
        place, {"name": "less", "scopes": ["agents:read"], "rate_per_minute": 5, "budget_micros": 7}
    )
    assert changed.status_code == 200, changed.content
    assert (changed.json()["name"], changed.json()["scopes"]) == ("less", ["agents:read"])
    assert bearer(key["key"]).get("/api/v1/agents").status_code == 200
    assert bearer(key["key"]).get(KEYS).status_code == 403
    entry = AuditEntry.objects.get(action="api_key.changed")
    assert (entry.before["name"], entry.after["name"]) == ("made", "less")
    assert entry.after["rate_per_minute"] == 5


@pytest.mark.parametrize(
    "wider",
    [
        {"scopes": [*READ_AND_MAKE, "usage:read"]},
        {"rate_per_minute": 61},
        {"rate_per_minute": None},
        {"budget_micros": None},
        {"expires_at": None},
        {"expires_at": soon(days=9)},
    ],
    ids=["scopes", "rate", "no rate", "no budget", "no end", "a later end"],
)
def test_a_key_is_never_widened(api, tenant, wider):
    """Whoever asks: a wider limit is 403 and changes nothing."""
    key = made(api, rate_per_minute=60, budget_micros=5, expires_at=soon(days=1))
    refused = api.patch(f"{KEYS}/{key['id']}", wider)
    assert refused.status_code == 403
    assert "only be narrowed" in refused.json()["detail"]
    assert api.get(f"{KEYS}/{key['id']}").json()["rate_per_minute"] == 60


def test_unknown_members_and_revoked_keys_are_not_changed(api, tenant):
    """422 names the member that is not known; 409 tells that a revoked key stays as it is."""
    place = f"{KEYS}/{made(api)['id']}"
    refused = api.patch(place, {"tenant": "x", "parent_id": None})
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/tenant", "/parent_id"}
    api.delete(place)
    assert api.patch(place, {"name": "again"}).status_code == 409
    assert api.post(f"{place}/rotations").status_code == 409


def test_the_log_tells_of_every_change_and_never_a_key(api, tenant):
    """Made, changed, rotated, revoked: who, what, and no secret in any entry."""
    key = made(api)
    place = f"{KEYS}/{key['id']}"
    api.patch(place, {"name": "renamed"})
    turned = bearer(key["key"]).post(f"{place}/rotations").json()["key"]
    api.delete(place)
    entries = list(AuditEntry.objects.filter(object_id=key["id"]).order_by("number"))
    assert [entry.action for entry in entries] == [
        f"api_key.{what}" for what in ("created", "changed", "rotated", "revoked")
    ]
    assert entries[2].actor == f"key:{key['id']}"
    everything = str([(entry.before, entry.after) for entry in entries])
    assert key["key"][44:] not in everything
    assert turned[44:] not in everything


def test_a_repeated_making_is_told_and_the_key_not_kept(api, tenant):
    """409 names what was made; the stored answer holds no key; one key exists."""
    again = {"Idempotency-Key": "k"}
    body = {"name": "once", "scopes": ["agents:read"]}
    first = api.post(KEYS, body, headers=again)
    assert first.status_code == 201
    repeated = api.post(KEYS, body, headers=again)
    assert repeated.status_code == 409
    assert repeated.json()["made"]["id"] == first.json()["id"]
    assert repeated["Location"] == first["Location"]
    assert "key" not in repeated.json()["made"]
    assert first.json()["key"] not in str(IdempotentRequest.objects.values_list("body", flat=True))
    assert ApiKey.objects.filter(name="once").count() == 1
    assert api.post(KEYS, body | {"name": "other"}, headers=again).status_code == 422


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_persons_keys_go_with_the_person(tenant, owner):
    """Deleting a person leaves no key behind that hangs on nobody: it would be the platform's, without a bound."""
    api_keys.make("hers", scopes=ALL, created_by_id=owner.pk)
    with platform():
        User.objects.get(pk=owner.pk).delete()
    assert not ApiKey.objects.exists()


def test_a_key_of_another_tenant_is_not_there(api, other_tenant):
    """Reading, narrowing, rotating and revoking another tenant's key are 404."""
    stranger = client_of(other_tenant)
    key = made(api)
    place = f"{KEYS}/{key['id']}"
    answers = (
        stranger.get(place),
        stranger.patch(place, {"name": "x"}),
        stranger.delete(place),
        stranger.post(f"{place}/rotations"),
    )
    assert [answer.status_code for answer in answers] == [404] * 4
