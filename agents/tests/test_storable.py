"""Whatever an agent returns can be stored."""

import json

from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from agents.storable import storable

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=10,
)


def test_it_replaces_what_postgresql_refuses():
    """NUL, half a surrogate pair, NaN, tuples, sets and objects become plain JSON."""
    told = storable({"a\0": ("x\ud800", float("nan"), {1}), "b": object})
    assert told == {"a\ufffd": ["x?", None, [1]], "b": "<class 'object'>"}


@given(ANYTHING)
def test_it_is_json_afterwards(value):
    """Strict JSON, in UTF-8, without NUL."""
    text = json.dumps(storable(value), allow_nan=False)
    assert "\\u0000" not in text
    text.encode()


def test_postgresql_takes_it(db):
    """jsonb accepts the worst of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb", [json.dumps(storable({"a": "\0\ud800", "b": [float("inf")]}))])
        assert cursor.fetchone()
