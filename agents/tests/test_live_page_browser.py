"""The live page of an execution in a real browser: it fills in, is cut off and goes on, and is played as a film."""

import json
from urllib.parse import urlsplit

import pytest

from agents import control, submission
from agents.tests.live_scene import ANSWER, IS_LIVE, STATE, TASK, line_to, models, state_of, way
from miosa.pg.platform import platform
from miosa.testing.browser import CHROMIUM, SIZES, wrong_with
from miosa.testing.browser_page import opened
from miosa.testing.flows import run
from miosa.tests.admin_rows import fill, operator

__all__ = ["models"]
pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]
HOSTILE = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'


@pytest.fixture
def execution(models, tenant):
    """An execution that was handed in and has not begun."""
    return submission.submit(TASK, requested_by="user:test")


def test_it_fills_in_while_the_execution_runs(live_server, execution):
    """Nodes, figures and the result come without loading the page again, and the film ends as the live page did."""
    with opened(live_server.url + way(execution), operator()) as page:
        page.until(IS_LIVE)
        assert "orchestrator" in page.text("#m-graph-wide")
        run(execution)
        page.until("miosaLive.page.ended")
        assert "done" in page.text("#m-state")
        assert "communication" in page.text("#m-graph-wide")
        assert ANSWER in page.text("#m-output")
        live = json.loads(page.evaluate(STATE))
        assert live == state_of(execution)
        assert page.text("#m-tokens") == f"{live['execution']['tokens']:,}"
        page.do(lambda shown: shown.select_option("#m-speed", "50"))
        page.click("#m-play")
        page.until("miosaLive.film && document.querySelector('#m-play').textContent === 'Play the film'")
        assert json.loads(page.evaluate(STATE)) == live
        assert page.said == []


def test_a_film_is_wound_back_to_its_beginning(live_server, execution):
    """The scrubber leads to any moment: at the first there is nothing but the task, at the last all of it."""
    run(execution)
    with opened(live_server.url + way(execution), operator()) as page:
        live = json.loads(page.evaluate(STATE))
        page.do(lambda shown: shown.locator("#m-moment").focus())
        page.until("document.querySelector('#m-clock').textContent.includes('of')")
        page.do(lambda shown: shown.keyboard.press("Home"))
        page.until("miosaLive.film && Object.keys(miosaLive.state.steps).length === 1")
        assert page.evaluate("document.querySelector('#m-output-card').hidden")
        page.do(lambda shown: shown.keyboard.press("End"))
        page.until("miosaLive.state.execution.state === 'completed'")
        assert json.loads(page.evaluate(STATE)) == live


def test_it_goes_on_after_a_broken_connection(live_server, execution):
    """The browser connects again and is told what it has not seen, once."""
    with line_to(urlsplit(live_server.url).port) as line:
        with opened(f"http://127.0.0.1:{line.port}{way(execution)}", operator()) as page:
            page.until(IS_LIVE)
            line.cut()
            page.until("document.querySelector('#m-link-state').textContent.includes('again')")
            control.pause(execution.pk)
            page.until("!document.querySelector('#m-paused').hidden")
            control.resume(execution.pk)
            run(execution)
            page.until("miosaLive.page.ended")
            assert json.loads(page.evaluate(STATE)) == state_of(execution)


def test_it_goes_on_where_something_else_answered(live_server, execution):
    """A proxy that says 503 while the server starts ends no watching; whoever is signed out is told."""
    client = operator()
    with opened(live_server.url + way(execution), client) as page:
        page.until(IS_LIVE)
        page.do(lambda shown: shown.route("**/live/events/**", lambda one: one.fulfill(status=503), times=1))
        page.do(lambda shown: shown.reload())
        page.until("document.querySelector('#m-link-state').textContent.includes('again')")
        page.until(IS_LIVE)
        with platform():
            client.logout()
        page.until("document.querySelector('#m-link-state').textContent.includes('load the page')")


def test_it_shows_a_text_while_it_is_written(live_server, models, execution):
    """A model's words stand in the panel of its step before its answer is whole, and in no row."""
    models["gap_s"] = 0.2
    with opened(live_server.url + way(execution), operator()) as page:
        page.until(IS_LIVE)
        page.evaluate(
            "window.written = []; window.models = []; setInterval(() => window.written.push(...Object.values(miosaLive.text).map((one) => one.text)), 50);"
            "setInterval(() => window.models.push(document.querySelector('#m-panel .m-facts dd')?.textContent), 50)"
        )
        run(execution)
        page.until("miosaLive.page.ended")
        written = set(page.evaluate("window.written"))
        assert any("is asked now" in (told or "") for told in page.evaluate("window.models"))
        assert any(text and text != ANSWER and ANSWER.startswith(text) for text in written)
        assert page.evaluate("Object.keys(miosaLive.text).length") == 0


def test_what_models_write_is_text(live_server, models, tenant):
    """Markup in a request, an answer or a note is shown as it was written."""
    models["text"] = f"{HOSTILE} {ANSWER}"
    execution = run(submission.submit(f"{TASK} {HOSTILE}", requested_by="user:test"))
    with opened(live_server.url + way(execution), operator()) as page:
        for key in state_of(execution)["steps"]:
            page.click(f"#m-graph-wide [data-key='{key}']")
            page.until(
                f"document.querySelector('#m-panel h2')?.textContent.startsWith(miosaLive.state.steps['{key}'].agent)"
            )
        assert HOSTILE in page.text("#m-live pre.m-task")
        assert page.evaluate("window.harmed") is None
        assert (
            page.evaluate("document.querySelectorAll('#m-live img, #m-live script:not([type])').length") == 0
        )


def test_a_step_is_chosen_by_keyboard(live_server, execution):
    """A node takes the focus, and Enter shows the step with its model, its price and what speaks for it."""
    run(execution)
    with opened(live_server.url + way(execution), operator(), motion="reduce") as page:
        page.do(lambda shown: shown.keyboard.press("Tab"))
        page.do(lambda shown: shown.keyboard.press("Enter"))  # past the menu
        page.until("location.hash === '#m-live' && document.activeElement.id === 'm-live'")
        page.do(lambda shown: shown.locator("#m-graph-wide [data-key]").nth(1).focus())
        page.do(lambda shown: shown.keyboard.press("Enter"))
        said = page.text("#m-panel")
        assert "Why this model" in said
        assert "Why this confidence" in said
        assert "passed" in said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits(live_server, tenant, tmp_path, size, scheme):
    """Nothing is wider than the window or cut, and the console has nothing to say."""
    execution = fill(tenant)
    assert (
        wrong_with({"live": live_server.url + way(execution)}, operator(), tmp_path, size=size, scheme=scheme)
        == {}
    )


@pytest.mark.parametrize("width", [1280, 390])
def test_a_whole_plan_fits(live_server, execution, width):
    """A plan with its panel open is no wider than the window."""
    run(execution)
    with opened(live_server.url + way(execution), operator(), size={"width": width, "height": 800}) as page:
        page.click("[data-key='conclude']")
        assert page.wider() <= 0
        shown = page.evaluate(
            "[...document.querySelectorAll('.m-graph')].map((one) => getComputedStyle(one).display)"
        )
        assert sorted(shown) == ["block", "none"]
