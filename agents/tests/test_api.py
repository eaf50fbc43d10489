"""Tasks, executions and agents over the API."""

import pytest

from agents.models import Execution, Step
from billing.models import Budget
from billing.subscriptions import current_budget
from tenants.models import IdempotentRequest


def test_it_accepts_a_task(api, tenant):
    """202, a Location that can be read, a pending execution with its plan step ready."""
    answer = api.post("/api/v1/tasks", {"request": "Say hello"})
    assert answer.status_code == 202
    execution = api.get(answer["Location"]).json()
    assert execution["state"] == "pending"
    assert [(step["key"], step["state"]) for step in execution["steps"]] == [("plan", "ready")]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/request"),
        ({"request": "   "}, "/request"),
        ({"request": "x" * 100_001}, "/request"),
        ({"request": "x", "mode": "fast"}, "/mode"),
        ({"request": "x", "tenant": "globex"}, "/tenant"),
        ({"request": "x", "parameters": {str(n): "" for n in range(17)}}, "/parameters"),
    ],
    ids=str,
)
def test_it_refuses_a_task_that_is_none(api, tenant, body, pointer):
    """Each mistake is named by its place; nothing is stored."""
    answer = api.post("/api/v1/tasks", body)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not Execution.objects.exists()


def test_it_refuses_what_is_not_json(api, tenant):
    """A body that cannot be read is a bad request."""
    answer = api.post("/api/v1/tasks", "{", content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_it_refuses_beyond_the_quota_and_leaves_nothing(api, tenant):
    """402 with what to do, no execution, nothing reserved."""
    current_budget()
    Budget.objects.update(executions_cap=0)
    answer = api.post("/api/v1/tasks", {"request": "Say hello"}, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 402
    assert "larger plan" in answer.json()["detail"]
    assert not Execution.objects.exists()
    assert not Step.objects.exists()
    assert not IdempotentRequest.objects.exists()


def test_it_lists_executions_by_state_and_page(api, tenant):
    """Newest first, in pages that miss nothing."""
    made = [api.post("/api/v1/tasks", {"request": f"task {n}"}).json()["id"] for n in range(3)]
    page = api.get("/api/v1/executions?limit=2").json()
    rest = api.get(page["next"]).json()
    assert [row["id"] for row in page["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None
    assert api.get("/api/v1/executions?state=completed").json()["items"] == []
    assert api.get("/api/v1/executions?state=lost").status_code == 400
    assert api.get("/api/v1/executions?limit=0").status_code == 400


def test_it_cancels_what_has_not_begun(api, tenant):
    """A cancelled execution is over: its steps, its money; a second time is a conflict."""
    place = api.post("/api/v1/tasks", {"request": "Say hello"})["Location"]
    assert api.post(f"{place}/cancellation").json()["state"] == "cancelled"
    assert {step["state"] for step in api.get(place).json()["steps"]} == {"cancelled"}
    assert api.post(f"{place}/cancellation").status_code == 409


def test_it_shows_the_agents(api, tenant):
    """Eleven agents and their leader, each with purpose, capabilities and standing."""
    kinds = [agent["kind"] for agent in api.get("/api/v1/agents").json()["items"]]
    assert len([kind for kind in kinds if kind != "orchestrator"]) == 11
    told = api.get("/api/v1/agents/quality").json()
    assert told["purpose"]
    assert told["capabilities"]
    assert (told["total"], told["mean_confidence"]) == (0, None)
    assert api.get("/api/v1/agents/poet").status_code == 404


def test_it_streams_events_under_wsgi_too(api, tenant):
    """The stream of an ended execution has every event with its number, and ends."""
    place = api.post("/api/v1/tasks", {"request": "Say hello"})["Location"]
    api.post(f"{place}/cancellation")
    answer = api.get(f"{place}/events", headers={"Accept": "text/event-stream"})
    body = b"".join(answer.streaming_content).decode()
    assert answer["Content-Type"].startswith("text/event-stream")
    assert "event: task_created" in body
    assert body.rstrip().split("\n\n")[-1].splitlines()[:2] == ["id: 2", "event: task_cancelled"]
    resumed = api.get(f"{place}/events", headers={"Accept": "text/event-stream", "Last-Event-ID": "1"})
    assert b"".join(resumed.streaming_content).decode().startswith("id: 2")


@pytest.mark.parametrize(
    "body",
    [
        '{"request": "a\\u0000b"}',
        '{"request": "half \\ud800 pair"}',
        '{"request": "x", "parameters": {"a\\u0000": "b"}}',
        '{"request": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=["NUL", "surrogate", "NUL in a name", "nested"],
)
def test_it_refuses_what_cannot_be_stored(api, tenant, body):
    """Texts the database cannot hold are a bad request, not an error of ours."""
    answer = api.post("/api/v1/tasks", body, content_type="application/json")
    assert answer.status_code == 400
    assert not Execution.objects.exists()
