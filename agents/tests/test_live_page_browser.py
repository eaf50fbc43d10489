"""The live page of an execution in a real browser: it fills in, is answered, steered, cut off, and played as a film."""

import json
import threading

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from agents import submission
from agents.models import Execution
from agents.watching import reading
from miosa.pg.platform import platform
from miosa.testing.browser import CHROMIUM
from miosa.testing.browser_page import opened
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from miosa.tests.admin_rows import operator

pytestmark = [
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH"),
]
TASK = "Explain what a gateway is."
ANSWER = "Gateways let calls through. They count what is used. They stop what is too much."
HOSTILE = "<img src=x onerror=\"window.harmed=1\"><script>window.harmed=1</script>"
STATE = "JSON.stringify({...miosaLive.state, lines: miosaLive.state.lines})"


@pytest.fixture
def models(tenant):
    """Providers whose answers a test may change."""
    said = {"text": ANSWER}
    usage = {"prompt_tokens": 20, "completion_tokens": 10}
    with WireServer(lambda _asked: Reply(text=said["text"], usage=usage)) as wire:
        with providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
            yield said


def address(live_server, execution):
    return live_server.url + reverse("admin:agents_execution_live", args=[execution.pk])


def on_the_server(execution):
    with platform():
        row = Execution.objects.select_related("tenant").get(pk=execution.pk)
        return json.loads(json.dumps(reading.state_of(row)))


def test_it_fills_in_while_the_execution_runs(live_server, models, tenant):
    """Nodes, figures and the result come without loading the page again, and the film ends as the live page did."""
    execution = submission.submit(TASK, requested_by="user:test")
    with opened(address(live_server, execution), operator()) as page:
        page.until("document.querySelector('#m-link-state').textContent === 'live'")
        assert "orchestrator" in page.text("#m-graph-wide")
        run(execution)
        page.until("miosaLive.page.ended")
        assert "✓ done" in page.text("#m-state")
        assert "communication" in page.text("#m-graph-wide")
        assert "Gateways let calls through" in page.text("#m-output")
        live = json.loads(page.evaluate(STATE))
        assert live == on_the_server(execution)
        assert page.text("#m-tokens") == str(live["execution"]["tokens"])
        page.do(lambda shown: shown.select_option("#m-speed", "50"))
        page.click("#m-play")
        page.until("miosaLive.film && document.querySelector('#m-play').textContent === 'Play the film'")
        assert json.loads(page.evaluate(STATE)) == live
        assert page.said == []
