"""Which words ask for a site, and what becomes of a request that shall go online."""

import pytest

from agents.planning import plan
from agents.text.site_kind import asks_for_site

SITES = [
    "Build a small web page about tide pools and put it online",
    "Build a web app that tracks expenses, then publish it and give me the link",
    "Deploy a page that shows our opening hours",
    "Make me a website for my bakery",
    "make a landing page",
    "I'd like an online guest book",
    "we would like a wiki for our team",
    "Could you set up a little site where people can leave notes, and host it?",
    "Erstelle eine Webseite über Bienen und veröffentliche sie",
    "Crée une page web sur les phares et publie-la",
    "Haz una página web sobre gatos y publícala",
    "Build an API that returns the word count of a text and deploy it",
    "give me a url with a hello world page",
    "Build a todo app in Django, test it, deploy it, and tell me the address",
    "Ship a static site for my cat",
    "Write a web page with an article about whales",
    "BUILD A WEB PAGE",
    "Program a dashboard for temperatures",
    'Build a page called "Design of a web app"',
]
OTHERS = [
    "Write an essay about web pages",
    "Summarise this web page: the sea is blue",
    "Explain what a REST API is",
    "What is the best way to deploy a Flask app?",
    "Write a Python function that builds a web page",
    "Deploy my Flask app with Docker",
    "Review this page: <h1>x</h1>",
    "Fix my website",
    "Create a logo for my website",
    "Create a Dockerfile for my app",
    "Design the architecture of a web app",
    'Translate "build a web page" into German',
    "Write tests for my web app",
    "How do I make a website?",
    "Write an email to Bob about the new app",
    "Make a roadmap for our mobile app",
    "Hello!",
    "",
]


@pytest.mark.parametrize("request_text", SITES)
def test_a_site_is_asked_for(request_text):
    """In whatever words; and where it shall go online, one chain makes, reviews and deploys it."""
    assert asks_for_site(request_text)
    made = plan(request_text, ask=None, embed=None, online=True)
    assert list(dict.fromkeys(made.agents))[:4] == ["analysis", "development", "quality", "deployment"]
    assert made.left_out == ()


@pytest.mark.parametrize("request_text", OTHERS)
def test_something_else_is_asked_for(request_text):
    """A text about pages, a part for somebody's own site, a question: nothing is built and put online for it."""
    assert not asks_for_site(request_text)


def test_without_the_wish_nothing_goes_online():
    """Words alone deploy nothing: the task has to say so."""
    for request in SITES[:2]:
        text = plan(request, ask=None, embed=None, online=False).explanation
        assert "it shall go online" not in text


def test_other_orders_of_a_request_keep_their_agents():
    """What stands beside the site is planned as ever."""
    made = plan(
        "Build a web page about bees, and give me three names for a cat", ask=None, embed=None, online=True
    )
    assert "deployment" in made.agents
    assert "communication" in made.agents
