"""Requirements, risks and gaps are read in the words of a request; things and parts as well."""

import pytest

from agents.text.domain import entities, parts, singular
from agents.text.request import read_request
from agents.text.requirements import gaps, requirements, risks

LIBRARY = (
    "Build a library app where members borrow books. Each book has a title, an author and an ISBN;"
    " each member has a name and an email. Loans must be returned within 30 days. It must be fast."
)


def found(text):
    return [(one.kind, one.phrase) for one in requirements(read_request(text))]


def test_a_request_is_taken_apart():
    """Work, limits and qualities are told apart, and statements stay whole."""
    assert found(LIBRARY) == [
        ("functional", "Build a library app"),
        ("functional", "members borrow books"),
        ("functional", "Each book has a title, an author and an ISBN"),
        ("functional", "each member has a name and an email"),
        ("constraint", "Loans must be returned within 30 days"),
        ("quality", "It must be fast"),
    ]


def test_lists_give_one_each():
    """What stands behind "with" and in the details is one requirement each."""
    assert found("Build an API with users, tasks and due dates")[1:] == [
        ("functional", "users"),
        ("functional", "tasks"),
        ("functional", "due dates"),
    ]
    assert found("Plan the launch:\n- beta with 50 users\n- app store review")[1:] == [
        ("constraint", "beta with 50 users"),
        ("functional", "app store review"),
    ]


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("Write a function that returns a list of errors", ("output", "returns a list of errors")),
        ("Write a tool that sorts files, without network access", ("constraint", "without network access")),
        ("Write a script, given a folder of images", ("input", "given a folder of images")),
        ("Write a function, with a test", ("quality", "a test")),
    ],
)
def test_kinds_follow_from_words(text, row):
    """Outputs, limits, inputs and qualities have their own words."""
    assert row in found(text)


@pytest.mark.parametrize(
    "text", [LIBRARY, "Plan: a, b", "What is rain?", "Write f(x) that doubles x and returns it"]
)
def test_every_phrase_stands_in_the_request(text):
    """Nothing is said that was not asked, and ids count up from R1."""
    rows = requirements(read_request(text))
    assert all(row.phrase in text for row in rows)
    assert [row.id for row in rows] == [f"R{n}" for n in range(1, len(rows) + 1)]


def test_risks_name_the_words_that_raise_them():
    """Payment raises money, customers raise privacy; a harmless request raises none."""
    raised = {note.phrase for note in risks("Take payments from customers by a webhook")}
    assert raised == {"customers", "payments", "webhook"}
    assert risks("Write a function that doubles n") == []


def test_gaps_are_what_was_not_said():
    """A question is asked only while its answer is missing."""
    assert any("empty" in note.text for note in gaps("Write a function that doubles n"))
    assert not any(
        "empty" in note.text for note in gaps("Write a function that doubles n, raises on invalid input")
    )
    assert any("“fast”" in note.text for note in gaps("Make a fast app"))
    assert not any("“fast”" in note.text for note in gaps("Make a fast app, 200 ms at most"))


def test_things_have_their_fields_and_verbs():
    """Owners keep what they "have"; a plural without fields is a thing all the same."""
    made = {one.name: one for one in entities(LIBRARY)}
    assert made["Book"].fields == {"title": "str", "author": "str", "isbn": "str"}
    assert made["Member"].fields == {"name": "str", "email": "str"}
    assert made["Loan"].fields == {}
    assert made["Book"].verbs == ["borrow"]


def test_a_field_goes_to_the_thing_before_it():
    """Due dates are no thing but a property of the tasks named before."""
    made = {one.name: one.fields for one in entities("Build an API with users, tasks and due dates")}
    assert made == {"User": {}, "Task": {"due_date": "date"}}
    assert entities("Write a function that counts its words") == []


def test_named_parts_are_taken():
    """A request that lists its parts settles them."""
    assert parts("Design a system with two parts: a web shop and a warehouse.") == ["web shop", "warehouse"]
    assert parts("Design a system") == []


def test_singulars():
    """Regular plurals lose their ending, other words stay."""
    assert [singular(word) for word in ("tasks", "categories", "boxes", "classes", "status", "news")] == [
        "task",
        "category",
        "box",
        "class",
        "status",
        "news",
    ]
