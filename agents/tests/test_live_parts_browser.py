"""What a live page lets people do and see beside the plan: begin anew, files, who answered, and all of it without scripts."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from agents import artefacts, submission
from agents.models import Artefact, Execution
from agents.tests.live_scene import TASK, models, state_of, way
from agents.watching.looks import MOST_LETTERS, in_two_lines
from miosa.testing.browser import CHROMIUM
from miosa.testing.browser_page import opened
from miosa.testing.flows import run
from miosa.tests.admin_rows import operator, signed_in

__all__ = ["models"]
pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]
PURPOSES = ["", "short", "Find out what a gateway has to do", "x" * 90, "Wort " * 30, "ein  " * 20]


@pytest.fixture
def execution(models, tenant):
    """An execution that has ended, with two versions of a file."""
    made = submission.submit(TASK, requested_by="user:test")
    for content in (b"one", b"one, two"):
        artefacts.keep(made.pk, {"report/notes.md": content}, origin=Artefact.Origin.PERSON)
    return run(made)


def test_a_step_is_done_anew_with_other_words(live_server, execution):
    """From the panel of an ended step: the page of the new execution opens, what was done before stands in it."""
    with opened(live_server.url + way(execution), operator()) as page:
        page.click("#m-graph-wide [data-key='communication']")
        page.click("#m-panel summary >> text=Do it anew from here")
        page.do(lambda shown: shown.fill("#m-panel textarea", "Explain what a toll gate is."))
        page.click("#m-panel >> text=Begin anew")
        page.until(f"!location.pathname.includes('{execution.pk}')")
        page.until("window.miosaLive")
        made = Execution.objects.get(origin_id=execution.pk)
        assert str(made.pk) in page.evaluate("location.pathname")
        assert made.steps.get(key="communication").instruction == "Explain what a toll gate is."
        assert made.steps.get(key="plan").state == "completed"
        assert "Goes on from" in page.text("#m-live")
        assert page.said == []


def test_what_is_shown_in_part_is_not_changed(live_server, execution):
    """An instruction that is longer than the page shows is followed again as it was, or changed elsewhere."""
    execution.steps.filter(key="communication").update(instruction="word " * 5_000)
    with opened(live_server.url + way(execution), operator()) as page:
        page.click("#m-graph-wide [data-key='communication']")
        assert "Begin anew" in page.text("#m-panel .m-again")
        assert page.evaluate("document.querySelectorAll('#m-panel textarea').length") == 0


def test_its_files_are_to_be_had(live_server, execution):
    """The newest version of each path, as a download that no browser shows."""
    client = operator()
    with opened(live_server.url + way(execution), client) as page:
        assert page.text("#m-files a") == "report/notes.md"
        place = page.evaluate("document.querySelector('#m-files a').getAttribute('href')")
    answer = client.get(place)
    assert (answer.content, answer["Content-Disposition"][:10]) == (b"one, two", "attachment")
    assert Client().get(place).status_code == 302
    assert signed_in("eve@miosa.example", is_staff=True).get(place).status_code == 403
    nowhere = reverse("admin:agents_artefact_content", args=[execution.pk])
    assert client.get(nowhere).status_code == 404


def test_it_opens_at_what_people_come_for(live_server, execution):
    """Nobody has to pick a step first: where it has ended well, its conclusion is shown."""
    with opened(live_server.url + way(execution), operator()) as page:
        assert page.text("#m-panel h2").startswith("orchestrator: Bring the parts")


def test_it_is_read_without_scripts(live_server, execution):
    """The plan, the figures and the result as they stand; nothing there that only a script could do."""
    with opened(live_server.url + way(execution), operator(), scripts=False) as page:
        seen = {
            one: page.do(lambda browser: browser.locator(one).first.is_visible())  # noqa: B023  done at once
            for one in (
                "#m-graph-wide",
                "#m-state",
                "#m-output",
                "#m-files a",
                "#m-lines",
                "#m-film",
                "#m-acts",
            )
        }
        page.click("#m-files a")  # nothing lies over it
        assert [one for one, visible in seen.items() if not visible] == ["#m-film", "#m-acts"]


def test_the_browser_breaks_lines_as_the_server_does(live_server, execution):
    """The page stands still when its script takes over: both put the same words into a step's box."""
    with opened(live_server.url + way(execution), operator()) as page:
        drawn = page.evaluate(
            f"import(document.querySelector('script[src*=\"miosa/live\"]').src.replace('live.js', 'live_dom.js'))"
            f".then((dom) => {json.dumps(PURPOSES)}.map((one) => dom.inTwoLines(one, {MOST_LETTERS})))"
        )
    assert [tuple(one) for one in drawn] == [in_two_lines(one) for one in PURPOSES]
    assert state_of(execution)["files"]
