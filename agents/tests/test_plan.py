"""A plan that cannot be carried out is refused with what to change."""

import pytest

from agents.plan import MAX_STEPS, Plan, PlannedStep, UnusablePlan, ordered, unreviewed

KNOWN = ("communication", "development", "quality")


def step(key, *depends_on, agent="communication"):
    return PlannedStep(key, agent, "", "do it", depends_on)


def test_steps_come_after_what_they_wait_for():
    """Whatever the order given, each step stands behind its dependencies."""
    made = ordered([step("c", "b"), step("b", "a"), step("a")], known=KNOWN)
    assert [one.key for one in made] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "at least one"),
        ([step(f"s{n}") for n in range(MAX_STEPS + 1)], "at most 8"),
        ([step("a", agent="wizard")], "no agent named wizard"),
        ([step("a"), step("a")], "same key"),
        ([step("plan")], "are taken"),
        ([step("a", "b")], "no step has the key b"),
        ([step("a", "b"), step("b", "a")], "circle"),
        ([step("a", "a")], "circle"),
    ],
)
def test_an_impossible_plan_is_refused(steps, message):
    """Empty, too long, unknown agents, doubled keys, missing keys and circles all say what is wrong."""
    with pytest.raises(UnusablePlan, match=message):
        ordered(steps, known=KNOWN)


def test_eight_steps_are_allowed():
    """The limit itself is not refused."""
    assert len(ordered([step(f"s{n}") for n in range(MAX_STEPS)], known=KNOWN)) == MAX_STEPS


def test_unreviewed_code_is_seen():
    """A step that writes code and has no quality step behind it is named."""
    code = step("code", agent="development")
    assert unreviewed([code]) == ("code",)
    assert unreviewed([code, step("check", "code", agent="quality")]) == ()


def test_a_plan_tells_its_agents_and_edges():
    """Agents are named once, in order; the edges are what each step waits for."""
    plan = Plan((step("a"), step("b", "a"), step("c", agent="quality")), "rules", "because")
    assert plan.agents == ("communication", "quality")
    assert plan.depends_on == {"a": (), "b": ("a",), "c": ()}
