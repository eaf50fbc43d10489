"""Changes of standing and the routing policy over the API, for those who administer a tenant."""

import pytest
from rest_framework.test import APIClient

from miosa.testing.fixtures import client_of
from routing import policies, promotions
from routing.models import Promotion
from tenants import sessions
from tenants.models import AuditEntry, Membership, Role, User

PROMOTIONS, POLICY = "/api/v1/promotions", "/api/v1/routing-policy"
CHEAP = {"TaskFit": 0.1, "Quality": 0.1, "Speed": 0.1, "Cost": 0.5, "History": 0.1, "Confidence": 0.1}
WHOLE = {"weights": {"cost": CHEAP}, "most_explored": 0.05, "gives_counts": False, "takes_counts": True, "judge_share": 0.2}  # fmt: skip


def reversal(row_id):
    return f"{PROMOTIONS}/{row_id}/reversal"


def test_it_puts_a_policy_into_force_and_takes_its_weights_back(api, tenant):
    """The weights become a row; its reversal brings the product's back, and leaves the other fields."""
    before = api.get(POLICY).json()
    assert before["weights"] is None
    put = api.put(POLICY, WHOLE)
    assert put.status_code == 200, put.content
    assert put.json()["weights_in_force"]["cost"] == CHEAP
    assert put.json()["weights_in_force"]["speed"] == before["weights_in_force"]["speed"]
    [row] = api.get(PROMOTIONS).json()["items"]
    assert (row["kind"], row["taken_back"], row["details"]["after"]) == ("weights", False, {"cost": CHEAP})
    back = api.post(reversal(row["id"]))
    assert back.status_code == 201
    assert back.json()["reverts"] == row["id"]
    now = api.get(POLICY).json()
    assert (now["weights"], now["judge_share"], now["gives_counts"]) == (None, 0.2, False)
    assert [one["taken_back"] for one in api.get(PROMOTIONS).json()["items"]] == [False, True]


def test_it_audits_both_ways(api, tenant):
    """Who changed the policy and who took it back stands in the audit log."""
    api.put(POLICY, WHOLE)
    api.post(reversal(Promotion.objects.get().pk))
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"routing_policy.changed", "weights.changed", "promotion.reverted"} <= actions
    key = AuditEntry.objects.get(action="promotion.reverted")
    assert key.actor.startswith("key:")


def test_a_repeated_reversal_is_the_first_answer(api, tenant):
    """With the same Idempotency-Key nothing is done twice; without one the second is a conflict."""
    row = promotions.change_weights({"cost": CHEAP})
    again = {"Idempotency-Key": "k"}
    first, second = (api.post(reversal(row.pk), headers=again) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert api.post(reversal(row.pk)).status_code == 409
    assert Promotion.objects.filter(kind="reversal").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": {"cost": {**CHEAP, "Cost": 0.4}}},
        {"weights": {"thrift": CHEAP}},
        {"weights": {"cost": {"Cost": 1.0}}},
        {"weights": {}},
        {"weights": {"cost": {**CHEAP, "Cost": "much"}}},
        {"most_explored": 1.5},
        {"judge_share": None},
    ],
)
def test_it_refuses_what_cannot_be_a_policy(api, tenant, wrong):
    """422 names what is wrong, and nothing is stored."""
    answer = api.put(POLICY, WHOLE | wrong)
    assert answer.status_code == 422, answer.content
    assert policies.current().weights is None
    assert policies.current().judge_share == 0
    assert not Promotion.objects.exists()


@pytest.mark.parametrize("missing", sorted(WHOLE))
def test_it_refuses_half_a_policy(api, tenant, missing):
    """PUT is all of it: a member that was forgotten changes nothing."""
    body = {name: value for name, value in WHOLE.items() if name != missing}
    assert api.put(POLICY, body).status_code == 422


def test_it_filters_by_kind(api, tenant):
    """`?kind=` narrows the list; a word that is no kind is told the kinds."""
    api.post(reversal(promotions.change_weights({"cost": CHEAP}).pk))
    assert [row["kind"] for row in api.get(PROMOTIONS, {"kind": "reversal"}).json()["items"]] == ["reversal"]
    refused = api.get(PROMOTIONS, {"kind": "coup"})
    assert refused.status_code == 400
    assert "weights" in refused.json()["detail"]


def test_a_neighbours_change_is_not_there(api, other_tenant, in_tenant):
    """Another tenant's promotion is 404, and stays."""
    with in_tenant(other_tenant):
        row = promotions.change_weights({"cost": CHEAP})
    assert api.get(PROMOTIONS).json()["items"] == []
    assert api.post(reversal(row.pk)).status_code == 404
    with in_tenant(other_tenant):
        assert policies.current().weights == {"cost": CHEAP}


@pytest.mark.parametrize(("role", "allowed"), [("viewer", False), ("member", False), ("admin", True)])
def test_only_who_administers_may(tenant, role, allowed):
    """Viewers and members are refused by the scope's name, to read as well as to write."""
    person = User.objects.create(email=f"{role}@acme.example")
    opened = sessions.open_session(Membership.objects.create(user=person, role=Role(role)).user)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {opened.access_token}")
    for answer, scope in (
        (client.get(PROMOTIONS), "routing:read"),
        (client.get(POLICY), "routing:read"),
        (client.put(POLICY, WHOLE, format="json"), "routing:write"),
    ):
        assert answer.status_code == (200 if allowed else 403)
        assert allowed or scope in answer.json()["detail"]


def test_a_key_that_reads_may_not_write(tenant):
    """The scope to read opens no change."""
    client = client_of(tenant, scopes=["routing:read"])
    assert client.get(POLICY).status_code == 200
    assert client.put(POLICY, WHOLE).status_code == 403
