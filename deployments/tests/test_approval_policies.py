"""Approval policies over the API, and what they change about deployments."""

import pytest

from deployments import launch
from deployments.models import ApprovalPolicy
from miosa.testing.fixtures import client_of
from tenants.models import AuditEntry

PLACE = "/api/v1/approval-policies"
SPEND = {"kind": "spend", "above_micros": 500_000}


@pytest.fixture
def spend(api):
    answer = api.post(PLACE, SPEND)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_it_is_made_read_changed_and_ended(api, spend):
    """201, 200, 200, 204; each act is in the log with both sides."""
    place = f"{PLACE}/{spend['id']}"
    assert api.get(place).json() == spend == api.get(PLACE).json()["items"][0]
    changed = api.put(place, {"kind": "spend", "above_micros": 7, "waits_s": 3600}).json()
    assert (changed["above_micros"], changed["waits_s"]) == (7, 3600)
    assert api.delete(place).status_code == 204
    assert api.get(place).status_code == 404
    entries = AuditEntry.objects.filter(object_id=spend["id"]).order_by("number")
    assert list(entries.values_list("action", flat=True)) == [
        f"approval_policy.{what}" for what in ("created", "changed", "deleted")
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "spend"}, "/above_micros"),
        ({"kind": "spend", "above_micros": -1}, "/above_micros"),
        ({"kind": "spend", "above_micros": 1, "environments": ["preview"]}, "/environments"),
        ({"kind": "tool"}, "/above_micros"),
        ({"kind": "tool", "tool_kinds": ["thinks"]}, "/tool_kinds/0"),
        ({"kind": "deploy", "environments": []}, "/environments"),
        ({"kind": "message", "above_micros": 5}, "/above_micros"),
        ({"kind": "everything"}, "/kind"),
        ({"kind": "spend", "above_micros": 1, "waits_s": 1}, "/waits_s"),
        ({"kind": "spend", "above_micros": 1, "who": "me"}, "/who"),
    ],
    ids=str,
)
def test_what_is_no_policy_is_told_by_its_place(api, tenant, body, pointer):
    """422 with the member; nothing is stored."""
    answer = api.post(PLACE, body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not ApprovalPolicy.objects.exists()


def test_there_is_one_of_a_kind(api, spend):
    """409 for a second one; a kind does not become another."""
    assert api.post(PLACE, SPEND).status_code == 409
    other = {"kind": "message", "asks": False}
    assert api.put(f"{PLACE}/{spend['id']}", other).status_code == 422
    assert api.post(PLACE, other).status_code == 201


def test_who_may_not_decide_may_not_say_what_is_asked(tenant, spend, other_api):
    """Reading is for those who read deployments; the neighbour sees nothing."""
    member = client_of(tenant, scopes={"deployments:read", "deployments:write"})
    assert member.get(PLACE).status_code == 200
    assert member.post(PLACE, {"kind": "message", "asks": False}).status_code == 403
    assert member.delete(f"{PLACE}/{spend['id']}").status_code == 403
    assert other_api.get(f"{PLACE}/{spend['id']}").status_code == 404
    assert other_api.delete(f"{PLACE}/{spend['id']}").status_code == 404
    assert other_api.get(PLACE).json()["items"] == []


def test_it_says_which_environments_are_guarded(api, tenant):
    """Production without a policy; those it names with one; none where nobody is to be asked."""
    assert [launch.guarded(name) for name in ("preview", "staging", "production")] == [False, False, True]
    made = api.post(PLACE, {"kind": "deploy", "environments": ["staging", "production"]}).json()
    assert [launch.guarded(name) for name in ("preview", "staging", "production")] == [False, True, True]
    api.put(f"{PLACE}/{made['id']}", {"kind": "deploy", "asks": False})
    assert not launch.guarded("production")
