"""The adviser on models ranks them by the router's own record, by what matters to the asker."""

from agents.contract import Task
from agents.roster.ai_providers import execute
from agents.tests.bench import Bench

ROWS = [
    {
        "model": "strong",
        "provider": "kimi",
        "task_kind": "code",
        "requests": 50,
        "successes": 49,
        "mean_ms": 4000,
        "mean_confidence": 8.8,
        "cost_micros": 500_000,
    },
    {
        "model": "cheap",
        "provider": "groq",
        "task_kind": "code",
        "requests": 50,
        "successes": 40,
        "mean_ms": 900,
        "mean_confidence": 7.1,
        "cost_micros": 5_000,
    },
    {
        "model": "quick",
        "provider": "local",
        "task_kind": "code",
        "requests": 50,
        "successes": 30,
        "mean_ms": 100,
        "mean_confidence": 5.0,
        "cost_micros": 100_000,
    },
    {
        "model": "cheap",
        "provider": "groq",
        "task_kind": "chat",
        "requests": 4,
        "successes": 4,
        "mean_ms": 700,
        "cost_micros": 100,
    },
]


def advise(question, rows=ROWS, *, script=(), **options):
    return execute(Task("1", question, question), Bench(script, rows={"model_performance": rows}, **options))


def first(question):
    return advise(question).data["ranking"][0]["model"]


def test_it_works():
    """What matters to the asker decides who comes first; the fallback order is the ranking."""
    assert first("Which model is best for code?") == "strong"
    assert first("Which model is cheapest for code?") == "cheap"
    assert first("Which model is fastest for code?") == "quick"
    result = advise("Which model is best for code?")
    assert result.data["fallback"] == ["strong", "cheap", "quick"]
    assert "Fall back in this order: strong → cheap → quick." in result.output
    assert "98% of 50 succeeded" in result.output
    assert all(one.passed for one in result.evidence)


def test_savings_are_computed_from_the_record():
    """What the dearest would have cost less with the cheapest, and what that would have lost."""
    assert (
        "The 50 requests to strong would have cost $0.49 less with cheap"
        in advise("Which model for code?").output
    )


def test_few_requests_are_called_luck():
    """A perfect record of four is marked, and weighs on the evidence."""
    result = advise("Which model for chat?")
    assert "only 4 requests, so this may be luck" in result.output
    assert "no other model on record" in result.output
    assert "enough requests of each model" in [one.check for one in result.evidence if not one.passed]


def test_no_record_is_said():
    """Nothing at all, or nothing of this kind."""
    assert "No model call is recorded yet" in advise("Which model is best?", []).output
    assert "No request of kind summarize" in advise("Which model is best to summarise?").output


def test_over_all_kinds_records_are_added_up():
    """Without a kind in the question all count."""
    ranking = {one["model"]: one["requests"] for one in advise("Which model is best?").data["ranking"]}
    assert ranking == {"strong": 50, "cheap": 54, "quick": 50}


def test_unknown_prices_are_not_cheap():
    """A model without a price comes behind every model with one."""
    rows = [
        {"model": "unpriced", "task_kind": "code", "requests": 50, "successes": 40, "mean_ms": 900},
        ROWS[1],
    ]
    assert advise("Which model is cheapest for code?", rows).data["fallback"] == ["cheap", "unpriced"]


def test_a_strong_model_may_sum_up():
    """One sentence of the report's own words."""
    result = advise("Which model is best for code?", script="Take strong for code.", strong=True)
    assert result.output.endswith("Take strong for code.")
