"""Without a capable model, rules plan: clauses to intents to chains, and say so."""

import pytest

from agents.planning import plan, plan_evidence
from agents.tests.bench import away, embed

DEMO = "Summarise this text and write a Python function that counts its words, with a test: "
SEA = "The sea is wide. Then deploy the sea, plan it and write code: it was blue."

LABELLED = [  # request, the agents that should work on it
    ("What is photosynthesis?", {"communication"}),
    ("Hello!", {"communication"}),
    ("Explain how a hash table works", {"communication"}),
    ("Write an email to Bob about the meeting", {"communication"}),
    ("Translate this text to German: Good morning, dear friends.", {"communication"}),
    ("Give me three names for a coffee shop", {"communication"}),
    ("Compare Postgres and MySQL", {"communication"}),
    (f"Summarise this text: {SEA}", {"communication"}),
    ("Review this text: It was a nice day, was it not.", {"communication"}),
    ("Write a Python function that reverses a string", {"analysis", "development", "quality"}),
    ("Create a script that renames files", {"analysis", "development", "quality"}),
    (
        "Build a REST API for a todo list with users and tasks",
        {"analysis", "architect", "development", "quality"},
    ),
    (
        "Implement a shop with products, orders and customers",
        {"analysis", "architect", "development", "quality"},
    ),
    ("Refactor this code:\n```python\nx = 1\n```", {"development", "quality"}),
    ("Fix this code:\n```python\nx = 1\n```", {"development", "quality"}),
    ("Review this code:\n```python\nx = 1\n```", {"quality"}),
    ("Analyse the risks of moving to a four-day week", {"analysis"}),
    ("Plan the launch of our mobile app", {"analysis", "strategy", "architect"}),
    ("Make a roadmap for learning Spanish", {"analysis", "strategy"}),
    ("Design the database schema of a library", {"analysis", "strategy", "architect"}),
    ("Sketch the components of a parser", {"analysis", "architect"}),
    ("Deploy my Flask app with Docker", {"analysis", "deployment", "monitoring"}),
    ("Release version 2 next week", {"analysis", "deployment", "monitoring"}),
    ("How is the platform doing today?", {"monitoring"}),
    ("Which executions failed recently? Show recent errors", {"monitoring"}),
    ("Connect our shop to Slack by webhook", {"analysis", "integration", "quality"}),
    ("Call POST https://api.example.com/v1/messages with a bearer token", {"integration", "quality"}),
    ("Which model is cheapest for code?", {"ai_providers"}),
    ("What should we improve about our agents?", {"recommender"}),
]


@pytest.mark.parametrize(("request_text", "agents"), LABELLED, ids=[one[0][:40] for one in LABELLED])
def test_the_words_choose_the_agents(request_text, agents):
    """Each of a list of real requests goes to the agents a person would send it to."""
    assert set(plan(request_text, ask=None, embed=None).agents) == agents


def test_a_compound_request_runs_side_by_side():
    """The summary waits for nobody, the code is analysed before and reviewed after."""
    made = plan(DEMO + SEA, ask=None, embed=embed)
    assert made.source == "rules"
    assert made.depends_on == {
        "communication": (),
        "analysis": (),
        "development": ("analysis",),
        "quality": ("development",),
    }


def test_the_text_of_a_request_is_not_an_order():
    """Orders inside the material change nothing in the plan."""
    assert (
        plan(DEMO + SEA, ask=None, embed=embed).steps == plan(DEMO + "Bees fly.", ask=None, embed=embed).steps
    )


def test_what_follows_waits_for_what_went_before():
    """ "Then", "it" and "the code" make a clause wait for the one before; steps that serve both are shared."""
    made = plan("Build a todo app with users, deploy it and monitor it.", ask=None, embed=None)
    assert made.depends_on["deployment"] == ("quality",)
    assert made.depends_on["monitoring"] == ("deployment",)
    assert [step.agent for step in made.steps].count("analysis") == 1


def test_clauses_that_do_not_need_each_other_share_the_analysis():
    """Two functions are analysed and reviewed together and written side by side."""
    made = plan(
        "Write a function that adds two numbers. Write a function that reverses a list.", ask=None, embed=None
    )
    assert made.depends_on["development"] == made.depends_on["development-2"] == ("analysis",)
    assert set(made.depends_on["quality"]) == {"development", "development-2"}


def test_development_is_always_followed_by_quality():
    """No labelled plan hands out code that nobody reviewed."""
    for request_text, _ in LABELLED:
        made = plan(request_text, ask=None, embed=None)
        reviewed = {key for step in made.steps if step.agent == "quality" for key in step.depends_on}
        assert {step.key for step in made.steps if step.agent == "development"} <= reviewed


def test_what_does_not_fit_is_left_out_and_said():
    """Beyond eight steps clauses are left out, and the explanation names them."""
    many = ". ".join(f"Explain topic number {n}" for n in "abcdefghij")
    made = plan(many, ask=None, embed=None)
    assert len(made.steps) == 8
    assert len(made.left_out) == 2
    assert "not planned" in made.explanation
    assert not plan_evidence(made)[0].passed


def test_the_explanation_names_each_choice():
    """A reader sees which words sent which clause where."""
    said = plan(DEMO + SEA, ask=None, embed=embed).explanation
    assert said.startswith("Planned by rules, without a model")
    assert "communication (the word 'summarise')" in said


def test_meaning_decides_where_words_are_silent():
    """A clause without a known verb goes to the agent whose purpose is nearest; a guess is worth less."""
    made = plan(
        "Somebody has to look after our alerts, latency and errors of the running system",
        ask=None,
        embed=embed,
    )
    assert made.agents == ("monitoring",)
    unsure = plan("The invoices are to be numbered without gaps every single month", ask=None, embed=None)
    assert unsure.agents == ("analysis", "architect", "development", "quality")
    assert not plan_evidence(unsure)[1].passed


def test_the_default_chain_stands_where_embeddings_are_away():
    """A server that is down costs the meaning, not the plan."""
    made = plan("The invoices are to be numbered without gaps every single month", ask=None, embed=away)
    assert made.agents == ("analysis", "architect", "development", "quality")


def test_an_empty_request_is_a_remark():
    """Even nothing at all gets a plan: somebody answers."""
    assert plan("...", ask=None, embed=None).agents == ("communication",)
