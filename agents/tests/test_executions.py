"""The life of an execution: what becomes ready when, and in which order it is told."""

import pytest
from django.db import IntegrityError, transaction

from agents import executions, leases
from agents.insight import events_after
from agents.models import Execution, Step
from agents.plan import Plan, PlannedStep
from agents.telling import tell
from miosa.http.problem import NotFound


def opened():
    return executions.open_execution("Build and explain", ceiling_micros=0, requested_by="user:test")


def planned(tenant):
    """An execution whose plan is done: a and b in parallel, c after both."""
    execution = opened()
    held = leases.claim(tenant.pk, execution.steps.get(key="plan").pk)
    executions.complete(held, {"success": True, "confidence": 8}, told={})
    steps = (
        PlannedStep("a", "analysis", "", "do a"),
        PlannedStep("b", "communication", "", "do b"),
        PlannedStep("c", "development", "", "do c", ("a", "b")),
    )
    executions.lay_out(execution.pk, Plan(steps, "rules", "because"))
    return execution


def end(tenant, execution, key, *, failed=False):
    step = execution.steps.get(key=key)
    held = leases.claim(tenant.pk, step.pk)
    if failed:
        executions.fail(held, "broken")
    else:
        executions.complete(held, {"success": True, "confidence": 8}, told={})
    return [execution.steps.get(pk=pk).key for pk in executions.advance(execution.pk)]


def states(execution):
    return dict(execution.steps.values_list("key", "state"))


def test_it_makes_independent_steps_ready_together(tenant):
    """What waits for nothing starts at once, what waits for two starts after the second."""
    execution = planned(tenant)
    assert states(execution) == {
        "plan": "completed",
        "a": "ready",
        "b": "ready",
        "c": "waiting",
        "conclude": "waiting",
    }
    assert end(tenant, execution, "b") == []
    assert end(tenant, execution, "a") == ["c"]
    assert end(tenant, execution, "c") == ["conclude"]


def test_it_skips_what_needs_a_failed_step_and_still_concludes(tenant):
    """A failure ends its own branch; the conclusion says what there is."""
    execution = planned(tenant)
    executions.advance(execution.pk)
    assert end(tenant, execution, "a", failed=True) == []
    assert end(tenant, execution, "b") == ["conclude"]
    assert states(execution) | {"plan": "completed"} == {
        "plan": "completed",
        "a": "failed",
        "b": "completed",
        "c": "skipped",
        "conclude": "ready",
    }


def test_it_numbers_events_without_gaps(tenant):
    """A reader that resumes after number n misses nothing and gets nothing twice."""
    execution = planned(tenant)
    executions.advance(execution.pk)
    end(tenant, execution, "a")
    events = events_after(execution.pk, 0).events
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    kinds = ["task_created", "task_started", "agent_started", "agent_finished", "plan_made"]
    assert [event["kind"] for event in events][:5] == kinds
    assert events_after(execution.pk, 2).events == events[2:]
    assert not events_after(execution.pk, 0).ended


def test_it_ends_the_stream_with_the_execution(tenant):
    """A reader knows when nothing more will come."""
    execution = opened()
    executions.cancel_steps(execution.pk)
    executions.finish(execution.pk, Execution.State.CANCELLED)
    page = events_after(execution.pk, 0)
    assert page.ended
    assert page.events[-1]["kind"] == "task_cancelled"


def test_nothing_follows_the_end(tenant):
    """What a worker still says of a cancelled execution is not written: readers have heard the last event."""
    execution = opened()
    executions.finish(execution.pk, "cancelled")
    tell(execution.pk, "model_answered", model="late")
    kinds = [event["kind"] for event in events_after(execution.pk, 0).events]
    assert kinds == ["task_created", "task_cancelled"]


def test_it_hides_events_from_the_neighbour(tenant, other_tenant, in_tenant):
    """Another tenant's execution does not exist."""
    execution = opened()
    with in_tenant(other_tenant), pytest.raises(NotFound):
        events_after(execution.pk, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"confidence": 10.01},
        {"confidence": -0.01},
        {"state": Step.State.COMPLETED},
        {"state": Step.State.RUNNING},
    ],
    ids=str,
)
def test_it_cannot_store_what_cannot_be(tenant, values):
    """The database refuses a confidence outside 0 to 10, a result without one, and running without a lease."""
    opened()
    with pytest.raises(IntegrityError), transaction.atomic():
        Step.objects.update(**values)


def test_odd_documents_are_kept_as_they_are(tenant):
    """Numbers beyond 64 bits, deep nesting and what no text may hold, in what is asked and in what is told."""
    deep: list[object] = []
    for _ in range(300):
        deep = [deep]
    given = {"number": 10**30, "deep": deep}
    execution = executions.open_execution("Odd", ceiling_micros=0, requested_by="user:test", parameters=given)
    held = leases.claim(tenant.pk, execution.steps.get().pk)
    told = {"arguments": given, "text": "a\0b", "half": "\ud800"}
    executions.complete(held, {"success": True, "confidence": 8, "data": told}, told=told)
    execution.refresh_from_db()
    assert execution.parameters == given
    assert execution.steps.get().data["arguments"] == given
    data = events_after(execution.pk, 0).events[-1]["data"]
    assert (data["arguments"], "\0" in data["text"]) == (given, False)
