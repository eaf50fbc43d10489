"""Analysis finds what is required in the words of the request, and counts a text where a text is to be analysed."""

import json

from agents.contract import Task
from agents.roster.analysis import execute
from agents.tests.bench import Bench, away

DEMO = "Summarise this text and write a Python function that counts its words, with a test: The sea is wide."
STEP = "write a Python function that counts its words, with a test"


def analyse(request, script=away, *, step="", **options):
    bench = Bench(script, **options)
    return execute(Task("1", step or request, request), bench), bench


def test_it_works():
    """The step's part is taken apart; phrases stand in the request; development comes next."""
    result, _ = analyse(DEMO, step=STEP)
    phrases = [one["phrase"] for one in result.data["requirements"]]
    assert phrases == ["write a Python function", "counts its words", "a test"]
    assert result.success
    assert all(one.passed for one in result.evidence)
    assert result.next_agent == "development"
    assert result.data["source"]["words"] == 4
    assert "Python can be written, run and tested here." in result.output
    assert any("empty" in question for question in result.suggestions)


def test_two_requests_get_two_analyses():
    """Requirements, risks and things follow the request."""
    one, _ = analyse("Build a shop with products and customers who pay by Stripe")
    two, _ = analyse("Build a diary app, offline, without accounts")
    assert one.output != two.output
    assert any("Money" in risk["text"] for risk in one.data["risks"])
    assert [thing["name"] for thing in one.data["things"]] == ["Product", "Customer"]
    assert one.next_agent == two.next_agent == "architect"


def test_ideas_of_a_small_model_are_marked_and_filtered():
    """What is not about the request is dropped; what stays is called unchecked and changes no evidence."""
    lines = "- The words of the text may be counted wrong.\n- Bananas are yellow.\n- Will it work?"
    result, bench = analyse(DEMO, lines, step=STEP)
    assert result.data["ideas"] == ["The words of the text may be counted wrong."]
    assert "Ideas of the model, unchecked" in result.output
    assert bench.options[0]["grammar"]
    assert all(one.passed for one in result.evidence)


def test_a_strong_model_adds_only_what_it_can_trace():
    """A requirement whose words do not stand in the request is dropped; risks and questions join the rules' own."""
    answer = {
        "requirements": [
            {"kind": "functional", "text": "It counts words.", "phrase": "counts its words"},
            {"kind": "functional", "text": "It flies.", "phrase": "flies to the moon"},
        ],
        "risks": ["Hyphens split words."],
        "questions": ["Do numbers count as words?"],
    }
    result, _ = analyse(DEMO, json.dumps(answer), step=STEP, strong=True)
    texts = [one["text"] for one in result.data["requirements"]]
    assert texts[0] == "It counts words."
    assert "It flies." not in texts
    assert len(texts) == 3
    assert "Hyphens split words." in result.output
    assert "Do numbers count as words?" in result.suggestions
    for bad in ("no json", '{"requirements": []}', away):
        assert analyse(DEMO, bad, step=STEP, strong=True)[0].success


def test_dependencies_are_mapped():
    """What says "after" needs what it names; an output needs the work."""
    result, _ = analyse("Write a tool that converts images, returns a list of names")
    assert result.data["depends_on"] == {"R3": ["R1", "R2"]}


def test_feasibility_is_told_from_facts():
    """Other languages cannot be run here, and the sandbox has no network."""
    assert (
        "Rust can be written but not run here" in analyse("Write a Rust program that adds numbers")[0].output
    )
    assert "no network" in analyse("Write a script that calls https://example.com and deploy it")[0].output


def test_nothing_required_is_said():
    """A request without any word of work has no requirements and no success."""
    result, _ = analyse("...")
    assert not result.success


def test_a_text_is_counted():
    """Figures, names and the sentences nearest its middle, all of them the text's own."""
    text = "The Aral Sea had 68,000 square kilometres of water. Rivers fed the Aral Sea with water. By 2007 Kazakhstan built a dam."
    result, bench = analyse(f"Analyse this text: {text}")
    assert result.data["source"]["words"] == 22
    assert result.data["numbers"] == ["2007", "68000"]
    assert "Kazakhstan" in result.data["names"]
    assert all(part in text for part in result.data["core"])
    assert result.next_agent == "communication"
    assert bench.prompts == []


def test_the_next_agent_follows_the_content():
    """Shipping, planning, systems, code and talk each have their own."""
    said = {
        "Deploy it": "deployment",
        "Analyse the milestones of the plan": "strategy",
        "Assess the database": "architect",
        "Assess the function": "development",
        "Assess the mood": "communication",
    }
    assert {text: analyse(text)[0].next_agent for text in said} == said
