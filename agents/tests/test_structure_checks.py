"""Structured answers are checked for shape, traces, order and completeness."""

from agents.tests.bench import embed
from agents.verifiers import structure

SCHEMA = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}


def test_a_schema_fault_says_where():
    """The first fault is named with its place; a fitting value has none."""
    assert structure.invalid({"a": 1}, SCHEMA) == ""
    assert structure.invalid({"a": "x"}, SCHEMA).startswith("a: ")
    assert "required" in structure.invalid({}, SCHEMA)
    assert not structure.satisfies({}, SCHEMA).passed


def test_a_list_that_is_too_long_is_counted():
    """A person reads how many there are, and not all of them."""
    listed = {"type": "object", "properties": {"steps": {"type": "array", "maxItems": 2}}}
    assert structure.invalid({"steps": [1, 2, 3]}, listed) == "steps: 3 of them, and at most 2 may be"


def test_statements_are_traced_to_the_request():
    """Case and spaces do not matter, other words do; nothing at all is no trace."""
    assert structure.traced(["count  WORDS"], "It shall count words").passed
    assert (
        "not in the request: fly" in structure.traced(["count words", "fly"], "It shall count words").detail
    )
    assert not structure.traced([], "anything").passed


def test_every_requirement_has_a_part():
    """A requirement without any part about it is named by its index."""
    covered, missing = structure.covers_all(["keeps books"], ["store books"], embed=embed)
    assert (covered.passed, missing) == (True, ())
    covered, missing = structure.covers_all(["keeps books"], ["store books", "send letters"], embed=embed)
    assert (covered.passed, missing) == (False, (1,))
    assert not structure.covers_all([], ["x"], embed=embed)[0].passed


def test_everything_is_placed_once():
    """Forgotten, doubled and unknown ids fail and are named."""
    assert structure.each_once(["a", "b"], ["b", "a"]).passed
    assert structure.each_once(["a", "a", "c"], ["a", "b"]).detail == "wrong: a, b, c"
    assert not structure.each_once([], []).passed


def test_nothing_comes_before_what_it_needs():
    """A need placed later, or nowhere, is named."""
    assert structure.in_order(["a", "b"], {"b": ["a"]}).passed
    assert structure.in_order(["b", "a"], {"b": ["a"]}).detail == "b before a"
    assert not structure.in_order(["b"], {"b": ["a"]}).passed
