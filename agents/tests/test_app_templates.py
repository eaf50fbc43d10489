"""Each template, filled for requests of several kinds, passes its own tests in a real box, starts, and says what was asked."""

import pytest

from agents.crafts.asking import Asker
from agents.crafts.site import make_site
from agents.roster import development
from agents.tests.bench import away
from agents.tests.box_bench import BoxBench
from deployments.tests.boxes import needs_boxes

pytestmark = needs_boxes

# request, what a list holds ("" where it holds none), what it computes
STATIC = [
    ("Build a small web page that introduces a bakery called Aurora with its opening hours", "", ""),
    ("Create a landing page about tide pools", "", ""),
    ("Make a static site for my band The Slow Tides with concert dates", "", ""),
    (
        "Please give me a nice simple website showing facts on hedgehogs, their food and their winter sleep",
        "",
        "",
    ),
    ("Baue eine kleine Webseite über Bienen", "", ""),
]
FLASK = [
    (
        "Build a Flask app that keeps a list of recipes with name, minutes and servings",
        "name minutes servings",
        "",
    ),
    ("I need a web app to track expenses", "description amount date", ""),
    ("Build a web app that converts celsius to fahrenheit", "", "converts celsius to fahrenheit"),
    ("Make a small flask page where visitors can leave messages in a guestbook", "name message", ""),
    ("Build an app that keeps a shopping list with item and quantity", "item quantity", ""),
]
FASTAPI = [
    ("Build a REST API for a list of books with title and year", "title year", ""),
    ("Create a FastAPI service that reverses a text", "", "reverses a text"),
    ("Build an API that stores contacts with name, email and phone", "name email phone", ""),
    (
        "Write a small API that returns whether a number is prime and deploy it",
        "",
        "returns whether a number is prime",
    ),
    ("Build an API that counts the words of a text", "", "counts the words of a text"),
]
DJANGO = [
    ("Build a Django app that keeps a list of members with name and email", "name email", ""),
    ("Create a django site about lighthouses", "", ""),
    ("Build a Django todo list", "title done", ""),
    ("Make a Django app that tracks habits", "name date done", ""),
    ("Write a Django website introducing our choir with rehearsals and concerts", "", ""),
]
NODE = [
    ("Create a Node app for a guest book", "name message", ""),
    ("Build an Express app that keeps plants with name and place", "name place", ""),
    ("Build a javascript site about comets", "", ""),
    ("Make a node.js to-do app", "title done", ""),
    ("Build a Node app that keeps a list of bikes with brand and price", "brand price", ""),
]
ALL = {"static": STATIC, "flask": FLASK, "fastapi": FASTAPI, "django": DJANGO, "node": NODE}
CASES = [(name, *case) for name, cases in ALL.items() for case in cases]


def made(request):
    """The site as the development agent makes it where no model answers."""
    return make_site(Asker(BoxBench(script=away), development.profile), request)


@pytest.mark.parametrize(
    ("name", "request_text", "fields", "function"), CASES, ids=[one[1][:48] for one in CASES]
)
def test_it_is_what_was_asked_for_and_works(name, request_text, fields, function):
    """Chosen by the words, tested, started, read and called in a box; nobody wrote it but the template and the request."""
    site = made(request_text)
    assert site.template.name == name
    assert site.origin == f"the {name} template"
    kept = site.wish.records.fields if site.wish.records else ()
    assert " ".join(field.name for field in kept) == fields
    assert site.wish.function == function
    assert site.trial.ran
    assert [(one.check, one.detail) for one in site.evidence if not one.passed] == []
    assert site.trial.report["tests"]["ran"] >= 3
    assert site.trial.pages


HOSTILE = [
    'Build a web page called "<script>alert(1)</script>" that shows <img src=x onerror=alert(2)>',
    "Build a Flask app that keeps a list of {{ 7*7 }} with {% include 'x' %} and title",
    "Build a Django app that keeps a list of notes with title' OR 1=1 and text; DROP TABLE notes",
    "Create a Node app that keeps ../../etc/passwd with __proto__ and constructor",
    "Build a FastAPI app that stores `rm -rf /` with $(id) and name",
    "Build a web page about \u202etxt.exe\u202c and \u0000NUL \U0001f9e8 with "
    + "very " * 400
    + "long words",
    "Build a page called 'a\nb\r\nSet-Cookie: x=1' that shows \"\"\" and ''' and \\",
    "Build a small site about ${process.exit(1)} #{x} %s %(name)s {0}",
]


@pytest.mark.parametrize("request_text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_stay_words(request_text):
    """They are shown or left out, and are neither markup, nor code, nor paths; what was made works all the same."""
    site = made(request_text)
    assert [
        (one.check, one.detail)
        for one in site.evidence
        if not one.passed and one.check != "its texts have a source"
    ] == []
    for page in site.trial.pages:
        assert "<script>alert" not in page["body"]
        assert "<img src=x" not in page["body"]
        assert "49" not in page["body"]
        assert "root:" not in page["body"]
    for path in site.files:
        assert ".." not in path
        assert not path.startswith("/")
        assert path.isascii()


def test_a_site_holds_under_any_path():
    """No link and no address of it begins at the root: it is served below a signed path."""
    for request in (STATIC[0], FLASK[0], DJANGO[0], NODE[0]):
        site = made(request[0])
        assert not [
            one for one in site.evidence if one.check == "every link leads somewhere" and not one.passed
        ]
        assert site.trial.pages
