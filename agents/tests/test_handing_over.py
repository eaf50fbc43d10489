"""A step that could not be done is taken over by another agent, once, and what waited for it goes on."""

import pytest
from django.db import transaction

from agents import executions, leases
from agents.executions import CONCLUDE
from agents.handing_over import lay_out
from agents.insight import events_after
from agents.models import Execution, Step
from agents.plan import Plan, PlannedStep
from agents.watching import reading


@pytest.fixture
def execution(tenant):
    """A plan of strategy, and architect behind it; strategy is ready."""
    made = executions.open_execution("Plan it", ceiling_micros=0, requested_by="user:1")
    steps = (
        PlannedStep("strategy", "strategy", "phases", "Bring it into phases"),
        PlannedStep("architect", "architect", "design", "Design it", ("strategy",)),
    )
    with transaction.atomic():
        Step.objects.filter(execution=made, key="plan").update(state="completed", success=True, confidence=8)
        executions.lay_out(made.pk, Plan(steps, "rules", "two steps"))
        executions.advance(made.pk)
    return made


def failed(tenant, execution, key, cause=Execution.Cause.ERROR):
    held = leases.claim(tenant.pk, execution.steps.get(key=key).pk)
    with transaction.atomic():
        return executions.fail(held, "it broke", cause=cause)


def waits(execution, key):
    return execution.steps.get(key=key).depends_on


def test_another_agent_takes_it_over_and_is_told_why(tenant, execution):
    """What waited for the one waits for the other; the failed step stays as it is."""
    assert lay_out(failed(tenant, execution, "strategy"))
    taken = execution.steps.get(key="strategy-by-analysis")
    assert (taken.agent, taken.instruction) == ("analysis", "Bring it into phases")
    assert taken.reason == "handed over: strategy could not do it: it broke"
    assert waits(execution, "architect") == ["strategy-by-analysis"]
    assert set(waits(execution, CONCLUDE)) == {"strategy-by-analysis", "architect"}
    assert executions.advance(execution.pk) == [taken.pk]
    assert execution.steps.get(key="strategy").error == "it broke"
    told = [one["data"] for one in events_after(execution.pk, 0).events if one["kind"] == "handed_over"]
    assert [(one["steps"][0]["step"], one["instead_of"]) for one in told] == [(taken.key, "strategy")]
    shown = reading.state_of(execution)["steps"]
    assert shown["architect"]["depends_on"] == [taken.key]


def test_what_was_handed_over_is_not_handed_on(tenant, execution):
    """Once for each step: analysis would be followed by communication, and is not."""
    lay_out(failed(tenant, execution, "strategy"))
    executions.advance(execution.pk)
    assert not lay_out(failed(tenant, execution, "strategy-by-analysis"))
    executions.advance(execution.pk)
    assert execution.steps.get(key="architect").state == "skipped"


@pytest.mark.parametrize("cause", [Execution.Cause.MONEY, Execution.Cause.TOKENS, Execution.Cause.REPEATS])
def test_what_was_stopped_is_handed_to_nobody(tenant, execution, cause):
    """A ceiling holds for all agents alike."""
    assert not lay_out(failed(tenant, execution, "strategy", cause))


def test_code_is_handed_to_nobody(tenant, execution):
    """No other agent can write it."""
    Step.objects.filter(execution=execution, key="strategy").update(agent="development")
    assert not lay_out(failed(tenant, execution, "strategy"))
