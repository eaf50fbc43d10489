"""What is kept and what is done anew where one execution goes on from another."""

import pytest

from agents import executions, forking, submission
from agents.forking import Kept, NoSuchStep, Split, first_undone, split
from agents.models import Execution, Step
from agents.tests.replan_scene import Agents, answer, planning, states, step, underway
from agents.tests.test_executions import end, planned
from billing.models import Reservation
from miosa.http.problem import Unprocessable
from miosa.testing.flows import run
from tenants.models import AuditEntry

PLAN = Kept("plan", completed=True)
A, B = Kept("a", completed=True), Kept("b", completed=True)
C = Kept("c", completed=True, depends_on=("a", "b"))
LAST = Kept("conclude", completed=True, depends_on=("a", "b", "c"))


def test_what_is_behind_a_step_is_done_anew_and_the_rest_kept():
    """Beside it nothing changes."""
    assert split([PLAN, A, B, C, LAST], "b") == Split(
        ("plan", "a"), {"b": (), "c": ("a", "b"), "conclude": ("a", "b", "c")}
    )


def test_from_the_plan_on_everything_is_new():
    """The plan writes the other steps itself."""
    assert split([PLAN, A, LAST], "plan") == Split((), {"plan": ()})


def test_what_was_never_done_is_done_as_well():
    """A branch that failed beside the chosen step is not taken over."""
    failed = Kept("a", completed=False)
    assert set(split([PLAN, failed, B, C, LAST], "b").anew) == {"a", "b", "c", "conclude"}


def test_repairs_are_decided_anew():
    """Steps that a review added are left out; who waited for them waits for the review."""
    review = Kept("quality", completed=True, depends_on=("a",))
    repair = Kept("repair-1", completed=True, depends_on=("quality",), added=True)
    again = Kept("review-1", completed=True, depends_on=("repair-1",), added=True)
    ship = Kept("ship", completed=False, depends_on=("review-1",))
    last = Kept("conclude", completed=True, depends_on=("quality", "ship", "repair-1", "review-1"))
    steps = [PLAN, A, review, repair, again, ship, last]
    assert split(steps, "quality").anew == {
        "quality": ("a",), "ship": ("quality",), "conclude": ("quality", "ship"),
    }  # fmt: skip
    kept = split(steps, "ship")
    assert (kept.taken_over[-2:], kept.anew["ship"]) == (("repair-1", "review-1"), ("review-1",))


FAILED = Kept("a", completed=False)
REPLAN = Kept("replan-1", completed=True, depends_on=("a",), replan=True)
INSTEAD = Kept("x", completed=True, depends_on=("replan-1",), anew=True)
BEHIND = Kept("b", completed=True, depends_on=("x",))
GIVEN_UP = Kept("g", completed=False, depends_on=("replan-1",))
WHOLE = Kept("conclude", completed=True, depends_on=("b", "replan-1", "x"))
CHANGED = [PLAN, FAILED, REPLAN, INSTEAD, BEHIND, GIVEN_UP, WHOLE]


@pytest.mark.parametrize("first", ["a", "replan-1"])
def test_what_was_planned_anew_is_decided_anew(first):
    """Where the step is done anew that it was for, the first plan stands again, with what the new one gave up."""
    assert split(CHANGED, first) == Split(
        ("plan",), {"a": (), "b": ("a",), "g": ("a",), "conclude": ("b", "a", "g")}
    )


@pytest.mark.parametrize(
    ("first", "taken_over", "anew"),
    [
        (
            "x",
            ("plan", "a", "replan-1", "g"),
            {"x": ("replan-1",), "b": ("x",), "conclude": ("b", "replan-1", "x")},
        ),
        ("b", ("plan", "a", "replan-1", "x", "g"), {"b": ("x",), "conclude": ("b", "replan-1", "x")}),
    ],
)
def test_behind_a_new_plan_it_stands(first, taken_over, anew):
    """What it stood in for and left out is taken over as it is, and nothing waits for it."""
    assert split(CHANGED, first) == Split(taken_over, anew)


def test_what_another_step_stood_in_for_is_not_where_it_got_stuck():
    """The first step that is missing to the conclusion is."""
    assert first_undone(CHANGED) == "conclude"
    stuck = [PLAN, FAILED, REPLAN, Kept("x", completed=False, depends_on=("replan-1",), anew=True), WHOLE]
    assert first_undone(stuck) == "x"


def test_an_execution_that_was_planned_anew_is_done_anew(tenant, monkeypatch):
    """From the step it got stuck at, and from the one that was planned anew: each runs to its end."""
    agents = Agents(monkeypatch, a="away", a2="away too")
    with planning(answer(("a2", "communication"), ("b", "communication", "a2"))):
        origin = run(underway(step("a"), step("b", "a")))
    assert origin.state == "failed"
    agents.fails = {}
    for first, parts in (("", {"a", "replan-1", "a2", "b"}), ("a", {"a", "b"}), ("replan-1", {"a", "b"})):
        made = submission.fork(origin, requested_by="user:test", first=first)
        assert set(states(made)) == parts
        assert run(made).state == "completed", made.error
        assert set(states(submission.fork(made, requested_by="user:test", first="a"))) == {"a", "b"}


def test_it_begins_where_it_got_stuck():
    """At the first step that was not done, or not well; else at the conclusion."""
    assert first_undone([PLAN, A, Kept("b", completed=False), C]) == "b"
    assert first_undone([PLAN, Kept("a", completed=True, good=False), Kept("b", completed=False)]) == "a"
    assert first_undone([PLAN, A, LAST]) == "conclude"


def test_a_step_that_is_not_there():
    """Nothing to begin with."""
    with pytest.raises(NoSuchStep):
        split([PLAN, A], "z")


def done(tenant):
    """An execution in which a and b are done, and c failed."""
    execution = planned(tenant)
    executions.advance(execution.pk)
    end(tenant, execution, "a")
    end(tenant, execution, "b")
    end(tenant, execution, "c", failed=True)
    Step.objects.filter(execution=execution, key="a").update(output="what a found", tokens=9, cost_micros=5)
    return execution


def test_a_retry_keeps_what_was_done(tenant):
    """A new execution with its own money: the old results stand in it, cost nothing again, and c is ready."""
    origin = done(tenant)
    made = submission.fork(origin, requested_by="user:test")
    assert (made.origin_id, made.origin_step, made.state) == (origin.pk, "c", "pending")
    assert dict(made.steps.values_list("key", "state")) == {
        "plan": "completed", "a": "completed", "b": "completed", "c": "ready", "conclude": "waiting",
    }  # fmt: skip
    kept = made.steps.get(key="a")
    assert (kept.output, kept.tokens, kept.cost_micros) == ("what a found", 0, 0)
    assert Reservation.objects.filter(reference=made.reference, state="held").exists()
    assert origin.steps.get(key="c").state == "failed"
    assert AuditEntry.objects.filter(action="execution.forked", object_id=str(made.pk)).exists()


def test_a_fork_asks_differently(tenant):
    """Another instruction for one step; the request of the whole stays unless it is said anew."""
    origin = done(tenant)
    made = submission.fork(origin, requested_by="user:test", first="b", instruction="do b better")
    assert made.steps.get(key="b").instruction == "do b better"
    assert made.request == origin.request
    again = submission.fork(origin, requested_by="user:test", first="plan", request="Something else")
    assert (again.request, again.steps.get().instruction) == ("Something else", "Something else")


@pytest.mark.parametrize(
    ("asked", "permits", "expects"),
    [
        ({}, ["send_mail"], {"b": "a letter", "c": "a receipt"}),
        ({"instruction": "do b better"}, [], {"b": "", "c": "a receipt"}),
        ({"request": "Something else"}, [], {"b": "a letter", "c": "a receipt"}),
    ],
)
def test_a_permission_holds_for_what_was_asked(tenant, asked, permits, expects):
    """What is done anew in other words asks a person before it changes something; what is done stays as it was."""
    origin = done(tenant)
    origin.steps.exclude(key="plan").update(permits=["send_mail"], expects="a letter")
    origin.steps.filter(key="c").update(expects="a receipt")
    made = submission.fork(origin, requested_by="user:test", first="b", **asked)
    rows = {row.key: row for row in made.steps.all()}
    assert [rows[key].permits for key in ("b", "c")] == [permits, permits]
    assert {key: rows[key].expects for key in ("b", "c")} == expects
    assert (rows["a"].permits, rows["a"].expects) == (["send_mail"], "a letter")


def test_a_fork_of_a_fork_runs_to_its_end(tenant):
    """Steps are worked on as in any execution."""
    made = submission.fork(done(tenant), requested_by="user:test")
    end(tenant, made, "c", failed=True)
    third = submission.fork(made, requested_by="user:test")
    assert end(tenant, third, "c") == ["conclude"]


def test_an_unknown_step_leaves_nothing_behind(tenant):
    """422 with the keys there are."""
    origin = done(tenant)
    with pytest.raises(Unprocessable, match="plan, a, b, c, conclude"):
        submission.fork(origin, requested_by="user:test", first="z")
    assert Execution.objects.count() == 1


def test_it_reads_rows(tenant):
    """What a row says of itself."""
    rows = forking.kept(list(done(tenant).steps.order_by("position")))
    assert [(row.key, row.completed) for row in rows][:4] == [
        ("plan", True), ("a", True), ("b", True), ("c", False),
    ]  # fmt: skip
