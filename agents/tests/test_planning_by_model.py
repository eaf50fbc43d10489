"""A capable model plans; its plan is checked, mended once, and gives way to the rules where it stays unusable."""

import json

import pytest

from agents.contract import Reply
from agents.plan_by_model import MOST_PURPOSE
from agents.planning import plan, plan_evidence
from agents.tests.bench import Bench, away, embed

GOOD = {
    "reasoning": "One question.",
    "steps": [{"key": "talk", "agent": "communication", "instruction": "Answer it", "depends_on": []}],
}


def steps(*rows):
    made = [{"key": k, "agent": a, "instruction": "do your part", "depends_on": list(d)} for k, a, *d in rows]
    return json.dumps({"reasoning": "Because.", "steps": made})


def planned(*replies, strong=True):
    bench = Bench(list(replies), strong=strong)
    return plan("Write a function that adds two numbers", ask=bench.ask, embed=embed), bench


def test_a_good_plan_is_taken():
    """The model's steps and its reasoning become the plan, in the order in which they can run."""
    made, bench = planned(steps(("check", "quality", "code"), ("code", "development")))
    assert made.source == "model"
    assert [step.key for step in made.steps] == ["code", "check"]
    assert made.explanation == "Planned by scripted: Because."
    assert bench.options[0]["schema"]
    assert all(one.passed for one in plan_evidence(made))


def test_a_step_is_for_what_the_model_says():
    """Two steps of one agent are told apart by the planner's own words, cut where they are long."""
    told = {"agent": "communication", "depends_on": []}
    rows = [
        told | {"key": "a", "instruction": "Answer it"},
        told | {"key": "b", "instruction": "word " * 100},
    ]
    made, _ = planned(json.dumps(GOOD | {"steps": rows}))
    assert made.steps[0].purpose == "Answer it"
    assert (len(made.steps[1].purpose) <= MOST_PURPOSE, made.steps[1].purpose[-1]) == (True, "…")


def test_a_fence_around_the_plan_does_no_harm():
    """Models wrap JSON in prose and fences; the object inside is read."""
    made, _ = planned(f"Here it is:\n```json\n{json.dumps(GOOD)}\n```")
    assert made.agents == ("communication",)


def test_forgotten_quality_is_added():
    """Code without a review gets one, whatever the model says."""
    made, _ = planned(steps(("quality", "communication"), ("code", "development")))
    assert made.steps[-1].agent == "quality"
    assert made.steps[-1].depends_on == ("code",)
    assert made.steps[-1].key == "quality-2"


@pytest.mark.parametrize(
    "bad",
    [
        "no json at all",
        '{"steps": []}',
        steps(("a", "wizard")),
        steps(("a", "communication", "b"), ("b", "communication", "a")),
        steps(*[(f"s{n}", "communication") for n in range(9)]),
    ],
)
def test_a_bad_plan_is_mended_once(bad):
    """The fault is told to the model; a good second answer is taken."""
    made, bench = planned(bad, json.dumps(GOOD))
    assert made.source == "model"
    assert len(bench.prompts) == 2
    assert "cannot be carried out" in bench.prompts[1]


def test_two_bad_plans_give_way_to_the_rules():
    """After one repair the rules plan, and the explanation says why."""
    made, bench = planned("nothing", "nothing again", json.dumps(GOOD))
    assert made.source == "rules"
    assert len(bench.prompts) == 2
    assert made.explanation.startswith("The model's plan was not usable")


def test_a_small_model_does_not_plan():
    """An answer of a model that is not capable is not even read."""
    made, bench = planned(Reply(json.dumps(GOOD), "tiny", capable=False))
    assert made.source == "rules"
    assert len(bench.prompts) == 1


def test_no_model_at_all_gives_way_to_the_rules():
    """A provider that is down costs the model's plan, not the execution."""
    made = plan("What is rain?", ask=Bench(away).ask, embed=embed)
    assert made.source == "rules"
    assert made.agents == ("communication",)
