"""What of a request no step of a plan takes up is named: rarely where nothing is missing, mostly where something is."""

import json

import pytest

from agents.contract import ModelUnavailable
from agents.left_out import left_out
from agents.plan import PlannedStep
from agents.planning import plan, plan_evidence
from agents.tests.bench import Bench
from agents.tests.trials.live_bench import LiveBench

TEXT = ": A roof garden keeps a house cool. Its soil holds rain that would otherwise fill the drains at once."
WHOLE = [  # a request, and who is told what: nothing is missing
    (
        "Summarise this text and write a Python function that counts its words" + TEXT,
        [
            ("communication", "Give the gist of the passage in a few sentences"),
            ("development", "Implement count_words(text) returning the number of words"),
            ("quality", "Review the code"),
        ],
    ),
    (
        "Explain what an API gateway is and compare Kong with NGINX",
        [
            ("communication", "Describe API gateways to a newcomer"),
            ("communication", "Contrast Kong and NGINX"),
        ],
    ),
    (
        "Design a database schema for a library, implement it in Django and deploy it",
        [
            ("architect", "Entities and tables for books, members, loans"),
            ("development", "Write the Django models"),
            ("quality", "Check the code"),
            ("deployment", "Bring it online"),
        ],
    ),
    (
        "Translate this text to German and shorten it" + TEXT,
        [("communication", "Render the passage in German, then make it half as long")],
    ),
    (
        "Build a REST API for a to-do list, write tests for it, and set up a Docker compose file",
        [
            ("development", "Create endpoints for tasks with unit tests"),
            ("quality", "Review"),
            ("deployment", "Containerise the service"),
        ],
    ),
    (
        "How is the system doing? Which model is cheapest?",
        [("monitoring", "Report on health"), ("ai_providers", "Find the lowest price")],
    ),
    (
        "Write an email to Bob about the delay and suggest three new dates",
        [("communication", "Draft a message to Bob: the delivery is late; offer three alternative dates")],
    ),
    (
        "Analyse sales.csv and plot sold by region",
        [("analysis", "Load the table, compute totals per region and draw a bar chart")],
    ),
    (
        "Plan the launch of our app, estimate the risks and draft an announcement",
        [
            ("strategy", "Phases for going live"),
            ("analysis", "What may go wrong and how likely"),
            ("communication", "Write the announcement post"),
        ],
    ),
    (
        "Fix the bug in the parser and explain what was wrong",
        [
            ("development", "Repair the parser"),
            ("quality", "Run tests"),
            ("communication", "Tell in words the cause of the error"),
        ],
    ),
    (
        "Write a function that reverses a string, and one that checks palindromes",
        [("development", "reverse(s) and is_palindrome(s) with tests"), ("quality", "review")],
    ),
    (
        "Refactor this script and document it: def f(x): return x",
        [("development", "Clean up f and add docstrings"), ("quality", "review")],
    ),
    (
        "What is recursion? Give an example in Python.",
        [("communication", "Explain recursive functions with a short sample")],
    ),
    (
        "Summarise the meeting notes, list the open tasks and write a reminder to Ana" + TEXT,
        [
            ("communication", "Condense the notes and extract action items"),
            ("communication", "Compose a short reminder for Ana"),
        ],
    ),
]
LACKING = [  # the last order or question of each is missing
    (
        "Summarise this text and write a Python function that counts its words" + TEXT,
        [("communication", "Summarise the text")],
    ),
    (
        "Explain what an API gateway is and write a poem about the sea",
        [("communication", "Explain API gateways")],
    ),
    (
        "Translate this text to German and write a slogan for it" + TEXT,
        [("communication", "Translate the text to German")],
    ),
    (
        "Build a REST API for a to-do list and write an e-mail that announces it to customers",
        [("development", "Build the API for tasks"), ("quality", "review")],
    ),
    ("Design a schema for a library and deploy it", [("architect", "Design the tables")]),
    (
        "Write an email to Bob about the delay and estimate the cost of the delay",
        [("communication", "Draft an email to Bob")],
    ),
    (
        "Summarise the article and how is the system doing today?" + TEXT,
        [("communication", "Summarise the article")],
    ),
    (
        "Plan the launch of our app and write a function that validates e-mail addresses",
        [("strategy", "Phases of the launch")],
    ),
    ("What causes the tides? Compose a limerick about cats.", [("communication", "Explain tides")]),
]

REQUEST = "Explain what an API gateway is and write a poem about the sea"
EXPLAINED, POEM = ("communication", "Explain API gateways"), ("communication", "Write a poem on the sea")


def steps(rows):
    return [PlannedStep(f"s{number}", agent, "", told) for number, (agent, told) in enumerate(rows)]


def nobody(texts):
    raise ModelUnavailable("embeddings are not available")


@pytest.fixture(scope="module")
def embed(embeddings_url):
    return LiveBench("", embeddings_url).embed


@pytest.mark.parametrize(("request_", "rows"), WHOLE, ids=[one[0][:40] for one in WHOLE])
def test_a_whole_plan_is_whole_in_other_words(embed, request_, rows):
    """An instruction need not repeat the request."""
    assert left_out(request_, steps(rows), embed=embed) == ()


def test_most_of_what_is_missing_is_named(embed):
    """By meaning, and nothing else with it."""
    found = [left_out(request, steps(rows), embed=embed) for request, rows in LACKING]
    assert [len(one) for one in found if one] == [1] * 7
    assert ("write a poem about the sea",) in found


def test_words_alone_name_less_and_are_seldom_wrong():
    """Without embeddings a clause counts as taken up where any agent could do it."""
    whole = [bool(left_out(request, steps(rows), embed=nobody)) for request, rows in WHOLE]
    lacking = [bool(left_out(request, steps(rows), embed=None)) for request, rows in LACKING]
    assert (sum(whole), sum(lacking)) == (1, 5)


def test_a_single_order_is_the_plan():
    """What there is one of cannot be left out by a plan that has steps."""
    assert (
        left_out("Write a poem about the sea", steps([("communication", "do your part")]), embed=None) == ()
    )


def answered(*rows):
    made = [
        {"key": f"s{n}", "agent": agent, "instruction": told, "depends_on": []}
        for n, (agent, told) in enumerate(rows)
    ]
    return json.dumps({"reasoning": "Because.", "steps": made})


def planned(embed, *replies):
    bench = Bench(list(replies), strong=True)
    return plan(REQUEST, ask=bench.ask, embed=embed), bench.prompts


def test_it_is_mended_once(embed):
    """The model is told what it left out; with that its plan is whole."""
    made, prompts = planned(embed, answered(EXPLAINED), answered(EXPLAINED, POEM))
    assert len(prompts) == 2
    assert "no step is told of “write a poem about the sea”" in prompts[1]
    assert (len(made.steps), made.left_out) == (2, ())
    assert all(one.passed for one in plan_evidence(made))


@pytest.mark.parametrize("second", [answered(EXPLAINED), "no plan at all"])
def test_what_stays_out_is_told(embed, second):
    """The plan is taken all the same, the check fails with the clause, and whoever asked reads it."""
    made, prompts = planned(embed, answered(EXPLAINED), second)
    assert (made.source, len(prompts)) == ("model", 2)
    whole, _ = plan_evidence(made)
    assert (whole.passed, whole.detail) == (False, "write a poem about the sea")
    assert made.explanation.endswith("Not planned: “write a poem about the sea”.")


def test_a_whole_plan_costs_no_second_question(embed):
    """One answer, taken."""
    made, prompts = planned(embed, answered(EXPLAINED, POEM))
    assert (len(prompts), made.left_out) == (1, ())
