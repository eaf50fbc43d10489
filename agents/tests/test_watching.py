"""What a watcher sees: the fold of events, where steps stand when they are drawn, and that the rows say the same."""

from itertools import pairwise

import pytest

from agents import control, submission
from agents.insight import events_after
from agents.models import Execution, Step
from agents.tests import tool_scene
from agents.tests.live_scene import ANSWER, TASK, models, state_of
from agents.tests.replan_scene import Agents, answer, planning, step, underway
from agents.watching import reading
from agents.watching.folding import changes, folded
from agents.watching.layout import HEIGHT, WIDTH, laid_out
from agents.watching.looks import MOST_LETTERS, in_two_lines
from agents.watching.looks import state_of as state_of_whole
from agents.watching.state import Happened, empty, merged
from miosa.testing.flows import run

__all__ = ["models"]
DIAMOND = {"plan": [], "a": ["plan"], "b": ["plan"], "end": ["a", "b", "plan"]}


def told(number, kind, **data):
    return Happened(number, kind, "2026-01-01T00:00:00+00:00", data)


PLANNED = (
    told(1, "task_created", request="Do it"),
    told(2, "task_started"),
    told(3, "agent_started", step="plan", agent="orchestrator", purpose="Choose", attempt=1),
    told(
        4, "plan_made", source="rules", explanation="Because.",
        steps=[
            {"step": "a", "agent": "analysis", "purpose": "look", "depends_on": []},
            {"step": "b", "agent": "quality", "purpose": "check", "depends_on": ["a"]},
        ],
    ),
    told(5, "agent_finished", step="plan", agent="orchestrator", state="completed", confidence=8.0),
)  # fmt: skip


def states(state):
    return {key: step["state"] for key, step in state["steps"].items()}


def test_steps_stand_below_what_they_wait_for():
    """Nothing overlaps, and a line that others tell already is left out."""
    layout = laid_out(DIAMOND, most=3)
    assert layout.places["plan"][1] < layout.places["a"][1] == layout.places["b"][1] < layout.places["end"][1]
    assert abs(layout.places["a"][0] - layout.places["b"][0]) >= WIDTH
    assert {(line.start, line.end) for line in layout.lines} == {
        ("plan", "a"), ("plan", "b"), ("a", "end"), ("b", "end"),
    }  # fmt: skip


def test_on_a_telephone_they_stand_in_one_column():
    """Lines that pass by steps go down at the left, inside of the picture."""
    layout = laid_out(DIAMOND, most=1)
    assert len({x for x, _ in layout.places.values()}) == 1
    heights = sorted(y for _, y in layout.places.values())
    assert all(below - above > HEIGHT for above, below in pairwise(heights))
    assert layout.width >= max(x for x, _ in layout.places.values()) + WIDTH


@pytest.mark.parametrize(
    "waits",
    [{}, {"a": ["nobody"]}, {"a": ["b"], "b": ["a"]}, {"a": ["a"]}],
    ids=["nothing", "unknown", "circle", "itself"],
)
def test_odd_plans_are_drawn_as_far_as_they_can_be(waits):
    """Every step has a place, whatever it waits for."""
    assert set(laid_out(waits, most=3).places) == set(waits)


def test_a_wide_layer_takes_several_rows():
    """Seven steps beside each other stand in rows of at most three."""
    layout = laid_out({"plan": [], **{f"s{n}": ["plan"] for n in range(7)}}, most=3)
    rows = [y for key, (_, y) in layout.places.items() if key != "plan"]
    assert max(map(rows.count, rows)) == 3


def test_a_line_that_passes_by_crosses_no_step():
    """Where another step stands between one and the lane, the line leaves below it and not through that other."""
    layout = laid_out({"plan": [], "a": ["plan"], "b": ["plan"], "c": ["a"], "end": ["b", "c"]}, most=2)
    paths = {(line.start, line.end): line.path for line in layout.lines}
    x, y = layout.places["b"]
    assert x > layout.places["a"][0]
    assert paths["b", "end"].startswith(f"M{x + WIDTH / 2:g} {y + HEIGHT:g}V")


def test_a_purpose_takes_two_lines():
    """Broken at a space where there is one, and cut with a sign where it is longer."""
    assert in_two_lines("short") == ("short", "")
    assert in_two_lines("Find out what a gateway has to do") == ("Find out what a gateway has to", "do")
    first, second = in_two_lines("x" * 100)
    assert (first, second[-1]) == ("x" * MOST_LETTERS, "…")


def test_it_is_shown_as_its_steps_are():
    """Nothing works where something only waits, or where all of it is held."""
    state = folded(
        empty(),
        [
            *PLANNED,
            told(6, "agent_started", step="a", agent="analysis", purpose="look"),
            told(7, "agent_waits", step="a", why="x"),
        ],
    )
    assert state_of_whole(state["execution"], state["steps"]) == "asks"
    paused = folded(empty(), [*PLANNED, told(6, "task_paused")])
    assert state_of_whole(paused["execution"], paused["steps"]) == "held"
    assert (
        state_of_whole(*(folded(empty(), PLANNED)[name] for name in ("execution", "steps"))) == "in_progress"
    )


def test_what_waits_for_nothing_more_is_ready():
    """The plan's end frees its first step; the second waits for it."""
    state = folded(empty(), PLANNED)
    assert states(state) == {"plan": "completed", "a": "ready", "b": "waiting", "conclude": "waiting"}
    assert set(state["layouts"]["wide"]["places"]) == {"plan", "a", "b", "conclude"}


def test_figures_add_up():
    """Tokens, calls and money of each answer, for the step and for the whole."""
    one = told(
        6,
        "model_answered",
        step="a",
        agent="analysis",
        model="m",
        why="best",
        tokens=7,
        cost_micros=30,
        latency_ms=1,
    )
    state = folded(empty(), [*PLANNED, one, one])
    assert (state["execution"]["tokens"], state["steps"]["a"]["tokens"]) == (14, 14)
    assert state["execution"]["cost_micros"] == 60
    assert (state["steps"]["a"]["model"], state["steps"]["a"]["why"]) == ("m", "best")


def test_a_pause_holds_what_is_ready():
    """And lets it go on."""
    state = folded(empty(), [*PLANNED, told(6, "task_paused")])
    assert (state["execution"]["paused"], states(state)["a"]) == (True, "held")
    assert states(folded(state, [told(7, "task_resumed")]))["a"] == "ready"


def test_a_repair_stands_between_the_review_and_what_waited_for_it():
    """Two steps more; the conclusion waits for them too."""
    steps = [
        {"step": "repair-1", "agent": "development", "purpose": "mend", "depends_on": ["b"]},
        {"step": "review-1", "agent": "quality", "purpose": "review", "depends_on": ["repair-1"]},
    ]
    state = folded(empty(), [*PLANNED, told(6, "repair_planned", why="wrong", steps=steps)])
    assert state["steps"]["conclude"]["depends_on"] == ["a", "b", "repair-1", "review-1"]
    assert state["layouts"]["wide"]["places"]["repair-1"][1] > state["layouts"]["wide"]["places"]["b"][1]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_new_plan_is_drawn_as_it_is_told(tenant, monkeypatch):
    """At each event the watcher sees what waits for what; live, film and rows end alike."""
    Agents(monkeypatch, a="away")
    with planning(answer(("a2", "analysis"), ("c", "communication", "a2"))):
        execution = run(underway(step("a"), step("b", "a"), step("c", "b")))
    events = [
        Happened(e["number"], e["kind"], e["at"], e["data"]) for e in events_after(execution.pk, 0).events
    ]
    cut = next(place for place, one in enumerate(events) if one.kind == "replan_asked") + 1
    asked = folded(empty(), events[:cut])
    assert states(asked) | {"plan": "completed"} == {
        "plan": "completed", "a": "failed", "b": "waiting", "c": "waiting", "replan-1": "ready", "conclude": "waiting",
    }  # fmt: skip
    assert asked["lines"][-1]["text"] == "A new plan is asked for: communication could not do it: away"
    end = folded(empty(), events)
    rows = {one.key: one for one in Step.objects.filter(execution=execution)}
    assert states(end) | {"plan": "completed"} == {key: one.state for key, one in rows.items()}
    assert {
        key: one["depends_on"] for key, one in end["steps"].items() if key in {"a2", "c", "conclude"}
    } == {key: rows[key].depends_on for key in ("a2", "c", "conclude")}
    assert any(line["text"].endswith("Another way. Left out: b.") for line in end["lines"])
    state = reading.state_of(execution)
    for _, patch in reading.film(execution):
        asked = merged(asked, patch)
    assert asked["steps"] == state["steps"]


def test_an_end_leaves_nothing_open():
    """What a cancelled execution had not done is cancelled."""
    state = folded(empty(), [*PLANNED, told(6, "task_cancelled", error="", cause="cancelled", cost_micros=5)])
    assert set(states(state).values()) == {"completed", "cancelled"}
    assert state["execution"]["state"] == "cancelled"


def test_patches_over_the_beginning_are_the_state():
    """Whoever merges the patches one after the other holds what the fold holds."""
    state, copy = empty(), empty()
    for one in PLANNED:
        patch = changes(state, one)
        state = merged(state, patch)
        copy = merged(copy, patch)
    assert copy == state == folded(empty(), PLANNED)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_events_and_rows_say_the_same(tenant, models):
    """The fold of an execution's events ends with the states and sums of its rows, and so does its film."""
    execution = run(submission.submit(TASK, requested_by="user:test"))
    state = state_of(execution)
    assert ANSWER in state["execution"]["output"]
    rows = dict(Step.objects.filter(execution=execution).values_list("key", "state"))
    assert states(state) == rows
    events = [
        Happened(e["number"], e["kind"], e["at"], e["data"]) for e in events_after(execution.pk, 0).events
    ]
    assert states(folded(empty(), events)) == rows
    watched = merged(reading.Watched.of(Execution.objects.get(pk=execution.pk)).begun(), {})
    for _, patch in reading.film(Execution.objects.get(pk=execution.pk)):
        watched = merged(watched, patch)
    assert watched == {**reading.state_of(Execution.objects.get(pk=execution.pk))}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_only_what_is_new_is_told(tenant):
    """After a number come the events behind it, each with its own."""
    execution = submission.submit(TASK, requested_by="user:test")
    control.pause(execution.pk)
    control.resume(execution.pk)
    execution.refresh_from_db()
    assert [patch["number"] for patch in reading.since(execution, 1)] == [2, 3]


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_tool_is_told_with_its_arguments_and_what_came_back(tenant):
    """Arguments when it is called, and what came back when it has."""
    bench = tool_scene.begun(tenant)
    tool_scene.use(bench, "write_file", path="a.txt", content="seven")
    patches = reading.since(Execution.objects.get(pk=bench.execution.pk), 0)
    uses = [one for patch in patches for one in patch.get("uses", {}).values()]
    assert "seven" in uses[0]["arguments"]
    assert "output" not in uses[0]
    assert uses[-1]["state"] == "done"
    assert uses[-1]["output"]
