"""The plan of an execution as a graph: steps with their states, what waits for what, and what was added on the way."""

from uuid import uuid4

from agents.models import Step
from agents.tests.replan_scene import Agents, answer, planning, step, underway
from miosa.testing.flows import run


def graph_of(api, execution):
    answer = api.get(f"/api/v1/executions/{execution.pk}/graph")
    assert answer.status_code == 200
    return answer.json()


def test_it_is_one_call(api, tenant):
    """What waits for nothing waits for the plan; the conclusion waits for all."""
    told = graph_of(api, underway(step("a"), step("b", "a")))
    assert [(one["key"], one["agent"], one["state"]) for one in told["steps"]] == [
        ("plan", "orchestrator", "completed"),
        ("a", "communication", "ready"),
        ("b", "communication", "waiting"),
        ("conclude", "orchestrator", "waiting"),
    ]
    assert [(one["before"], one["after"]) for one in told["edges"]] == [
        ("plan", "a"), ("a", "b"), ("a", "conclude"), ("b", "conclude"),
    ]  # fmt: skip
    assert told["state"] == "pending"


def test_what_was_added_says_by_what(api, tenant, monkeypatch):
    """A new plan, another agent that took over, a repair; everything else was planned."""
    Agents(monkeypatch, **{"a": "away", "a-by-communication": "away too"})
    with planning(answer(("a2", "monitoring"), ("b", "communication", "a2"))):
        execution = run(underway(step("a", agent="analysis"), step("b", "a")))
    Step.objects.create(
        execution=execution,
        key="repair-1",
        position=20,
        agent="development",
        reason="the review found: a fault",
    )
    told = graph_of(api, execution)
    assert {one["key"]: one["added_by"] for one in told["steps"]} == {
        "plan": "plan", "a": "plan", "a-by-communication": "handover", "replan-1": "replan", "a2": "replan", "b": "plan",
        "conclude": "plan", "repair-1": "repair",
    }  # fmt: skip
    assert {"before": "replan-1", "after": "a2"} in told["edges"]
    assert told["steps"][1]["error"] == "away"


def test_there_is_none_of_what_is_not_there(api, tenant):
    """404, as for the execution."""
    assert api.get(f"/api/v1/executions/{uuid4()}/graph").status_code == 404
