"""What is seen on a page, and that no page keeps the reader longer than its length."""

import pytest

from agents.text.markup import pieces
from agents.verifiers.pages import foreign, page_faults, read_page, rooted

PAGE = """<!DOCTYPE html>
<html lang="en"><head><title>Tea &amp; cake</title><meta name="description" content="Tea"><meta name="viewport">
<script src="a.js">if (a < b) { document.write("<h1>no</h1>") }</script></head>
<body><!-- <h1>no</h1> --><main><h1>Tea</h1><h2>Green</h2><p>One<p>Two
<img src="tea.png" alt=""><label>Name <input id=name></label><label for='size'>Size</label><select id="size"></select>
<a href="/menu?a=1&amp;b=2">Menu</a><br/><iframe src="https://elsewhere.example/"></iframe></main></body></html>"""
SIZE = 1_000_000  # characters


def test_what_stands_on_a_page():
    """Tags, links as they are meant, and text; nothing of scripts and comments."""
    page = read_page(PAGE)
    assert (page.language, page.title, page.headings) == ("en", "Tea & cake", [1, 2])
    assert page.links == ["a.js", "tea.png", "/menu?a=1&b=2", "https://elsewhere.example/"]
    assert page.inputs == [("name", True), ("size", False)]
    assert page.unclosed == []
    assert page_faults(PAGE) == []
    assert (rooted(PAGE), foreign(PAGE)) == (["/menu?a=1&b=2"], ["https://elsewhere.example/"])
    assert "document" not in page.text


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (PAGE.replace(' lang="en"', ""), "no language"),
        (PAGE.replace(' alt=""', ""), "1 pictures without text"),
        (PAGE.replace("for='size'", ""), "1 inputs without a label"),
        (PAGE.replace("<label>Name", "Name"), "1 inputs without a label"),
        (PAGE.replace("<h2>", "<h3>").replace("</h2>", "</h3>"), "headings leave a level out"),
        (PAGE.replace("</main>", ""), "tags that do not match: </body>, </html>, <html>"),
        (PAGE.replace('"size"', '"name"'), "an id twice"),
    ],
)
def test_what_is_wrong_is_named(page, fault):
    """One thing changed, one fault that says so."""
    assert fault in page_faults(page)


def test_an_address_that_is_none_leads_away():
    """A link nobody can read is no error of the reader."""
    assert foreign('<img src="http://[tea" alt="">') == ["http://[tea"]


@pytest.mark.parametrize(
    "bit",
    [
        "<a ",
        "<!--",
        '<a href="',
        "<a href='x",
        "<",
        "</p",
        "<a =",
        "&#9",
        "<div>",
        "<label>",
        "</b>",
        "<p><input>",
    ],
)
def test_a_hostile_page_is_read_in_one_go(bit):
    """A million characters of what a parser may trip over: read like any other, as many pieces as there are tags."""
    page = bit * (SIZE // len(bit))
    assert len(list(pieces(page))) <= page.count("<") + 1
    assert page_faults(page)
