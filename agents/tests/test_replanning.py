"""A step that nobody could do: a capable model plans anew what is still missing, and what waited goes on as it says."""

import pytest
from django.db import IntegrityError

from agents import orchestrator
from agents.models import Execution, ExecutionEvent, Step
from agents.tests.replan_scene import (
    AB,
    agents,
    answer,
    died,
    planning,
    states,
    step,
    told,
    underway,
    waits,
    work,
)
from miosa.testing.flows import providers, run

__all__ = ["agents"]


def test_a_new_plan_is_carried_out(agents):
    """A replacement is done, what waited for the failed step waits for it, and the answer says why."""
    with planning(answer(("a2", "analysis"), ("b", "communication", "a2"))) as models:
        execution = run(underway(*AB))
    assert (execution.state, execution.cause) == ("completed", "")
    assert states(execution) == {
        "a": "failed", "replan-1": "completed", "a2": "completed", "b": "completed",
    }  # fmt: skip
    assert (waits(execution, "a2"), waits(execution, "b")) == (["replan-1"], ["a2"])
    assert waits(execution, "conclude") == ["b", "replan-1", "a2"]
    assert [one.step for one in agents.given["b"].handovers] == ["a2"]
    assert agents.given["a2"].handovers == ()
    because = "It was planned anew because communication could not do its part (the sea is away)."
    assert execution.output.startswith(because)
    assert "result of b" in execution.output
    assert len(models.asked) == 1
    assert '"told": "the sea is away"' in models.asked[0]


def test_it_is_told_with_its_steps_and_why(agents):
    """Both events name what changes; the rows tell the same."""
    with planning(answer(("a2", "analysis"), ("b", "communication", "a2"))):
        execution = run(underway(*AB))
    [asked], [changed] = told(execution, "replan_asked"), told(execution, "plan_changed")
    assert (asked["instead_of"], asked["waits"]["b"]) == ("a", ["replan-1"])
    assert asked["why"] == "communication could not do it: the sea is away"
    assert [(one["step"], one["depends_on"]) for one in changed["steps"]] == [
        ("a2", ["replan-1"]), ("b", ["a2"]),
    ]  # fmt: skip
    assert (changed["instead_of"], changed["left_out"]) == (["a"], [])
    assert changed["explanation"].endswith("Another way.")


def test_what_it_does_not_name_is_left_out(agents):
    """And nothing waits for it; a step of the old plan keeps its own words."""
    with planning(answer(("a2", "analysis"), ("c", "communication", "a2"))):
        execution = run(underway(*AB, step("c", "b")))
    assert execution.state == "completed"
    assert states(execution)["b"] == "skipped"
    assert execution.steps.get(key="c").instruction == "do c"
    assert "b" not in waits(execution, "conclude")
    assert told(execution, "plan_changed")[0]["left_out"] == ["b"]


def test_what_is_done_is_waited_for_and_not_done_again(agents):
    """A plan that repeats a step which is over is sent back once, with what is wrong."""
    repeats, good = answer(("d", "communication")), answer(("a2", "analysis", "d"))
    with planning(repeats, good) as models:
        execution = run(underway(step("a"), step("d")))
    assert execution.state == "completed"
    assert "these keys belong to steps that are over: d" in models.asked[1]
    assert execution.steps.filter(key="d", attempt=1).count() == 1
    assert [one.step for one in agents.given["a2"].handovers] == ["d"]


def test_it_waits_until_the_others_have_ended(agents):
    """What does not wait for the failed step goes on; the new plan is asked for when all of that is told."""
    with planning(answer(("a2", "analysis", "d"))) as models:
        execution = underway(step("a"), step("d"))
        work(execution, "a")
        assert (states(execution)["replan-1"], waits(execution, "replan-1")) == ("waiting", ["a", "d"])
        work(execution, "d")
        assert states(execution)["replan-1"] == "ready"
        assert run(execution).state == "completed"
    assert '"told": "result of d"' in models.asked[0]


def test_two_that_fail_beside_each_other_have_one_new_plan(agents):
    """What waited for either waits for it; a step behind the second one does not hold it up."""
    agents.fails["d"] = "so is the land"
    with planning(
        answer(("x", "analysis"), ("b", "communication", "x"), ("e", "communication", "x"))
    ) as models:
        execution = underway(*AB, step("d"), step("e", "d"))
        work(execution, "a")
        assert waits(execution, "replan-1") == ["a", "d", "e"]
        work(execution, "d")
        assert waits(execution, "replan-1") == ["a", "d"]
        assert (waits(execution, "b"), waits(execution, "e")) == (["replan-1"], ["replan-1"])
        assert run(execution).state == "completed"
    assert len(models.asked) == 1
    assert told(execution, "plan_changed")[0]["instead_of"] == ["a", "d"]


@pytest.mark.parametrize(
    "bad",
    ["no plan", answer(("a", "analysis")), answer(("a2", "analysis", "z")), answer(("b", "quality")),
     answer(("a2", "analysis"), permits=["deploy_release"]), answer(("replan-1", "analysis"))],
    ids=["no JSON", "its key is over", "waits for nobody", "another's step", "permits", "a reserved key"],
)  # fmt: skip
def test_an_unusable_plan_ends_as_without_one(agents, bad):
    """What waited is skipped, the rest concludes, and the failed step says why."""
    with planning(bad) as models:
        execution = run(underway(*AB, step("d")))
    assert len(models.asked) == 2
    assert states(execution) == {
        "a": "failed", "b": "skipped", "d": "completed", "replan-1": "completed",
    }  # fmt: skip
    assert waits(execution, "b") == ["a"]
    assert (execution.state, execution.cause) == ("failed", "error")
    assert "communication could not do its part: the sea is away" in execution.error
    assert "No new way was found" in execution.output
    assert "result of d" in execution.output
    assert execution.steps.get(key="replan-1").tokens == 240


def test_a_planning_model_that_is_away_ends_as_without_one(agents):
    """The step fails by itself, and nothing more than what waited for it."""
    with planning("never asked") as models:
        execution = underway(*AB)
        work(execution, "a")
        with providers():
            assert run(execution).state == "failed"
    assert not models.asked
    assert states(execution) == {"a": "failed", "b": "skipped", "replan-1": "completed"}


def test_there_are_two_new_plans_at_the_most(agents):
    """The third failure ends what waits, as without any."""
    agents.fails |= {"a2": "no", "a3": "never"}
    ways = [answer((f"a{n}", "communication"), ("b", "communication", f"a{n}")) for n in (2, 3, 4)]
    with planning(*ways) as models:
        execution = run(underway(*AB))
    assert len(models.asked) == 2
    assert [key for key in states(execution) if key.startswith("replan")] == ["replan-1", "replan-2"]
    assert states(execution)["b"] == "skipped"
    assert execution.state == "failed"
    assert "never" in execution.error


def test_without_a_capable_model_nothing_is_different(agents):
    """No step more, no event more."""
    execution = underway(*AB)
    with providers():
        assert run(execution).state == "failed"
    assert states(execution) == {"a": "failed", "b": "skipped"}
    assert not told(execution, "replan_asked")


@pytest.mark.parametrize("cause", [Execution.Cause.MONEY, Execution.Cause.TOKENS, Execution.Cause.REFUSED])
def test_what_was_stopped_is_not_planned_anew(agents, cause):
    """A ceiling and a person's no hold for every plan alike."""
    from agents.replanning import lay_out

    execution = underway(*AB)
    Step.objects.filter(execution=execution, key="a").update(state="failed", cause=cause)
    assert not lay_out(execution.steps.get(key="a"))


def test_another_agent_is_asked_before_another_plan(agents):
    """By the table; only where that one cannot do it either is it planned anew."""
    agents.fails["a-by-communication"] = "nor can I"
    with planning(answer(("m", "monitoring"), ("b", "communication", "m"))):
        execution = underway(step("a", agent="analysis"), step("b", "a"))
        work(execution, "a")
        assert set(states(execution)) == {"a", "a-by-communication", "b"}
        assert run(execution).state == "completed"
    assert told(execution, "plan_changed")[0]["instead_of"] == ["a-by-communication"]


def test_a_worker_that_dies_at_it_changes_nothing(agents):
    """The next one asks again; steps are written once, with the result."""
    with planning(answer(("a2", "analysis"), ("b", "communication", "a2"))) as models:
        execution = underway(*AB)
        work(execution, "a")
        died(execution, "replan-1")
        late = execution.steps.get(key="replan-1")
        assert run(execution).state == "completed"
        orchestrator.run_step(execution.tenant_id, late.pk)
    assert (len(models.asked), late.attempt) == (1, 1)
    assert execution.steps.get(key="replan-1").attempt == 2
    assert list(states(execution)).count("a2") == len(told(execution, "plan_changed")) == 1


def test_a_failure_that_could_not_be_written_leaves_nothing(agents):
    """It and the step that plans anew are one transaction: what comes to grief after both takes both back."""
    with planning(answer(("a2", "analysis"), ("b", "communication", "a2"))):
        execution = underway(*AB)
        execution.refresh_from_db()
        there = execution.events + 3  # after its start and its end
        odd = ExecutionEvent.objects.create(execution=execution, number=there, kind="odd", data={})
        with pytest.raises(IntegrityError, match="number"):
            work(execution, "a")
        assert states(execution) == {"a": "running", "b": "waiting"}
        assert not told(execution, "replan_asked")
        odd.delete()
        Step.objects.filter(execution=execution, key="a").update(
            state="ready", lease_until=None, lease_owner=""
        )
        assert run(execution).state == "completed"
    assert len(told(execution, "replan_asked")) == 1
