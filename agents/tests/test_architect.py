"""The architect designs parts, data and calls from the requirements, and leaves open what nobody settled."""

import json

from agents.contract import Handover, Task
from agents.roster import analysis
from agents.roster.architect import execute
from agents.tests.bench import Bench, away

LIBRARY = "Build a library app where members borrow books. Each book has a title and an ISBN. Loans end within 30 days."


def design(request, script=away, **options):
    made = analysis.execute(Task("1", request, request), Bench(away))
    handed = (Handover("analysis", "analysis", "", made.output, made.data),)
    bench = Bench(script, **options)
    return execute(Task("1", request, request, handovers=handed), bench), bench


def test_it_works():
    """Things become tables and calls, limits become decisions, every requirement has a part."""
    result, _ = design(LIBRARY)
    assert {one["name"] for one in result.data["entities"]} >= {"Member", "Book"}
    assert {"method": "POST", "path": "/books/{id}/borrow", "does": "Borrow a book"} in result.data[
        "endpoints"
    ]
    assert result.data["decisions"][0]["because"].endswith("says so")
    assert result.data["open"]
    assert all(one.passed for one in result.evidence)
    assert result.next_agent == "development"


def test_two_requests_get_two_designs():
    """Nothing is drawn that was not asked for."""
    other, _ = design("Design a system with two parts: a web shop and a warehouse.")
    assert [one["name"] for one in other.data["components"]][:2] == ["web shop", "warehouse"]
    assert other.data["entities"] == []


def test_one_function_is_one_module():
    """A small request gets a head, not a platform."""
    result, _ = design("Write a function that counts the words of a text")
    assert [one["name"] for one in result.data["components"]] == ["count_words.py"]
    assert "count_words(text: str) -> int" in result.output


def test_it_finds_the_requirements_itself_where_none_are_handed_over():
    """And says so where there are none at all."""
    assert execute(Task("1", LIBRARY, LIBRARY), Bench(away)).success
    assert (
        execute(Task("1", "...", "..."), Bench(away)).error
        == "the request names nothing that could be designed"
    )


def drawn(*responsibilities):
    components = [
        {"name": f"part {n}", "responsibility": text, "requirements": ["R1"]}
        for n, text in enumerate(responsibilities)
    ]
    return json.dumps({"components": components, "entities": [], "endpoints": [], "decisions": []})


def test_a_strong_model_is_told_what_it_left_out():
    """A design without a part for a requirement is asked for once more, naming it."""
    whole = drawn(
        "library app of members who borrow books", "book with title and ISBN", "loans end within days"
    )
    result, bench = design(LIBRARY, [drawn("paints fences"), whole], strong=True)
    assert result.data["method"] == "model"
    assert len(bench.prompts) == 2
    assert "left out R1" in bench.prompts[1]
    assert result.evidence[0].passed
    assert design(LIBRARY, "no design", strong=True)[0].data["method"] == "rules"
    assert design(LIBRARY, '{"components": []}', strong=True)[0].data["method"] == "rules"
