"""Schemas of foreign tools: whatever is wrong with them is told, and ends nothing."""

import pytest

from agents.tool_arguments import fault_of

X = {"x": 10**400}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"type": ["nope"]},
        {"properties": {"x": {"multipleOf": 0}}},
        {"properties": {"x": {"multipleOf": 0.5}}},
        {"properties": {"x": {"minimum": "a"}}},
        {"properties": {"x": {"$ref": "http://127.0.0.1/schema"}}},
        {"properties": [1]},
        {"if": 1, "then": 2},
    ],
)
def test_a_schema_that_cannot_be_used_is_told(schema):
    """A loop, a type that is none, a division by zero, an address: no arguments fit, and it says why."""
    assert fault_of(X, schema).startswith("The tool's own schema cannot be used: ")


def test_a_pattern_is_not_run():
    """It could take for ever; that is the server's own to check."""
    assert fault_of({"x": "a" * 100 + "!"}, {"properties": {"x": {"pattern": "(a+)+$"}}}) == ""
