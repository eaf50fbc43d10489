"""What is asked is told from what it is asked about, and cut into its orders."""

import pytest

from agents.text.request import Request, bare, clauses, looks_like_code, opens_with_command, read_request

LONG = "The river rose in the night and the lower road was closed by the morning. " * 4


@pytest.mark.parametrize(
    ("text", "directive", "material", "kind"),
    [
        ("Summarise this text: The sea: wide, blue.", "Summarise this text", "The sea: wide, blue.", "text"),
        ("Summarise this text: ...", "Summarise this text", "", ""),
        ("Plan the launch:\n- beta\n- review", "Plan the launch", "- beta\n- review", "details"),
        ("Design two parts: a shop and a store", "Design two parts", "a shop and a store", "details"),
        (f"Summarise what follows.\n\n{LONG}", "Summarise what follows.", LONG.strip(), "text"),
        ("Write f(a: int) that doubles a", "Write f(a: int) that doubles a", "", ""),
        ('Call it with {"a": 1}', 'Call it with {"a": 1}', "", ""),
        ("What is love?", "What is love?", "", ""),
        ("Review this:\ndef f(x):\n    return x", "Review this", "def f(x):\n    return x", "code"),
        ("Explain this:\n```python\nx = 1\n```\nand be brief", "Explain this: and be brief", "x = 1", "code"),
        ("```python\nx = 1\n```", "Explain this code", "x = 1", "code"),
        ("  ", "", "", ""),
    ],
)
def test_the_asking_ends_where_the_material_begins(text, directive, material, kind):
    """A colon, a fence or a blank line before a long text ends the asking; brackets and bare questions do not."""
    assert read_request(text) == Request(directive, material, kind)


def test_wanted_holds_details_but_no_text():
    """A list behind the colon says what is wanted; a text to summarise does not."""
    assert read_request("Plan the launch: a beta").wanted == "Plan the launch: a beta"
    assert read_request("Summarise this text: a beta").wanted == "Summarise this text"


@pytest.mark.parametrize(
    ("directive", "found"),
    [
        (
            "Summarise this text and write a function, with a test",
            ["Summarise this text", "write a function, with a test"],
        ),
        ("Compare apples and pears", ["Compare apples and pears"]),
        ("Write and test a function", ["Write and test a function"]),
        ("Build an app, deploy it and then monitor it.", ["Build an app", "deploy it", "then monitor it"]),
        ("Explain rain. Write a poem", ["Explain rain", "Write a poem"]),
        (
            "Build a shop. It sells books; books have titles.",
            ["Build a shop. It sells books. books have titles"],
        ),
        ("Who won? Answer in one word.", ["Who won? Answer in one word"]),
        (
            "Research and development costs rise, what now?",
            ["Research and development costs rise, what now?"],
        ),
        ("", []),
    ],
)
def test_orders_are_cut_where_a_new_one_begins(directive, found):
    """A joint followed by a verb with an object is a new order; lists, statements and manners stay with theirs."""
    assert clauses(directive) == found


def test_politeness_is_no_order():
    """Greetings and "can you" do not hide the verb."""
    assert bare("Hi, can you please explain tides") == "explain tides"
    assert opens_with_command("Please write a poem")
    assert not opens_with_command("The poem is long")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def f():\n    pass", True),
        ("x = [1, 2]\nfor y in x:\n    y", True),
        ("hello", False),
        ("It was cold. We left.", False),
    ],
)
def test_code_is_told_from_prose(text, code):
    """Python that assigns, loops or defines is code; a word that happens to parse is not."""
    assert looks_like_code(text) is code


def test_a_huge_request_is_read_at_once():
    """Reading stays linear in the text, so that nobody can stall a worker with a long one."""
    text = "Summarise this text: " + "word: and then write, " * 20_000
    assert read_request(text).directive == "Summarise this text"
    assert clauses("write a word, and then " * 20_000)
    assert read_request("so: " * 20_000).material == ""
