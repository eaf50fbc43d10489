"""Figures over recorded facts: unknown stays unknown, rates know their doubt."""

import pytest

from agents.facts import SOURCES
from agents.text.figures import FACTS, at_least, at_most, known, mean, model_records, ms, percentile, usd
from agents.text.grammars import python, read_lines
from agents.text.languages import balanced, language_of
from agents.text.vectors import centroid, most_central, nearest, similarity


def test_percentiles_take_the_nearest_rank():
    """The value itself, never one in between; nothing of nothing."""
    assert percentile([5, 1, 3, 2, 4], 0.5) == 3
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([7], 0.01) == 7
    assert percentile([], 0.5) is None
    assert mean([]) is None


def test_rates_know_their_doubt():
    """One success in one says little, ninety in a hundred says much."""
    assert at_least(1, 1) < 0.25
    assert 0.82 < at_least(90, 100) < 0.9 < at_most(90, 100) < 0.95
    assert (at_least(0, 0), at_most(0, 0)) == (0.0, 1.0)


def test_records_add_up_over_kinds():
    """Requests and costs are summed, means weighted by requests, unknown costs stay unknown."""
    rows = [
        {
            "model": "a",
            "provider": "p",
            "task_kind": "code",
            "requests": 1,
            "successes": 1,
            "mean_ms": 100,
            "cost_micros": 5,
        },
        {
            "model": "a",
            "provider": "p",
            "task_kind": "chat",
            "requests": 3,
            "successes": 1,
            "mean_ms": 500,
            "cost_micros": 7,
        },
        {"model": "b", "requests": 2, "successes": 2},
    ]
    a, b = model_records(rows)
    assert (a.requests, a.successes, a.mean_ms, a.cost_micros, a.rate, a.cost_each_micros) == (
        4,
        2,
        400,
        12,
        0.5,
        3,
    )
    assert (b.cost_micros, b.mean_ms, b.cost_each_micros) == (None, None, None)
    assert [one.requests for one in model_records(rows, task_kind="code")] == [1]
    assert known([{"x": 1}, {"x": None}, {"x": True}, {}], "x") == [1.0]


def test_money_and_time_are_readable():
    """Small sums keep their digits, large ones have two; times change their unit at a second."""
    assert (usd(5), usd(1_250_000), usd(0)) == ("$0.000005", "$1.25", "$0")
    assert (ms(999), ms(1500), ms(None)) == ("999 ms", "1.5 s", "unknown")


def test_the_middle_is_found_without_repeating():
    """The nearest to the centre comes first; its double comes after what says something else."""
    vectors = [[1.0, 0.0], [1.0, 0.0], [0.6, 0.8]]
    assert most_central(vectors, limit=2) == [0, 2]
    assert most_central([], limit=3) == []
    assert centroid([[1.0, 0.0], [-1.0, 0.0]]) == [0.0, 0.0]
    assert nearest([1.0, 0.0], vectors)[0] == (0, 1.0)
    assert similarity([0.6, 0.8], [0.6, 0.8]) == pytest.approx(1)


def test_lists_are_read_with_or_without_a_grammar():
    """Marked lines win over prose around them; without marks every line counts."""
    assert read_lines("Sure:\n- one\n2) two\n\n* three", limit=2) == ["one", "two"]
    assert read_lines("one\n\ntwo", limit=5) == ["one", "two"]
    assert 'def f(x=\\"a\\"):' in python('def f(x="a"):\n')


@pytest.mark.parametrize(
    ("request_text", "language"),
    [
        ("a JavaScript function", "JavaScript"),
        ("java class", "Java"),
        ("an SQL query", "SQL"),
        ("a Go program", "Go"),
        ("a function", "Python"),
    ],
)
def test_the_language_is_read_off_the_request(request_text, language):
    """Python is meant where none is named, and where it is named beside another."""
    assert language_of(request_text) == language
    assert language_of(f"Python, not {request_text}") == "Python"


def test_brackets_in_strings_do_not_count():
    """Only brackets of the code itself have to close."""
    assert balanced('f("(", [1])')
    assert not balanced("f(")
    assert not balanced("f)]")


def test_every_fact_agents_know_of_is_told():
    """The platform answers the names the agents ask for, and no others."""
    assert set(SOURCES) == set(FACTS)
