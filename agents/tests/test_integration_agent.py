"""Integration writes a client for the call described and tries it against a stand-in."""

import json

from agents.contract import Task
from agents.roster.integration import execute
from agents.tests.bench import Bench, away

CALL = 'Call POST https://api.example.com/v1/messages with JSON {"text": "hi"} and a bearer token'


def connect(request, script=away, **options):
    bench = Bench(script, **options)
    return execute(Task("1", request, request), bench), bench


def failed(result):
    return [one.check for one in result.evidence if not one.passed]


def test_it_works():
    """Client and test are generated, run, and handed to quality; the real service is not called."""
    result, bench = connect(CALL)
    assert result.success
    assert failed(result) == []
    assert set(result.data["files"]) == {"client.py", "test_client.py"}
    assert "3 tests, 0 failed" in result.output
    assert "The real service was not called" in result.output
    assert result.next_agent == "quality"
    assert bench.prompts == []


def test_two_calls_get_two_clients():
    """Method, path and body follow the request."""
    assert connect(CALL)[0].data["files"] != connect("Fetch https://api.example.com/users")[0].data["files"]


def test_what_is_not_said_is_asked():
    """A vague wish gives a client with parameters, low evidence, and what to say."""
    result, _ = connect("Connect our shop to Slack by webhook")
    assert failed(result) == ["the request says which call"]
    assert "Say the address." in result.suggestions


def test_without_a_sandbox_it_is_not_run():
    """The client is handed over untried, and says so."""
    result, _ = connect(CALL, sandbox=False)
    assert "Not run: there is no sandbox" in result.output
    assert failed(result) == ["not run"]


def test_a_strong_model_fills_in_only_what_is_said():
    """An address that stands in the request is taken, an invented one is not."""
    request = "Tell the service at https://hooks.example.com/T1 that a build is done, text done"
    good = {
        "method": "POST",
        "url": "https://hooks.example.com/T1",
        "auth": "none",
        "header": "",
        "body": {"text": "done"},
    }
    assert connect(request, json.dumps(good), strong=True)[0].data["call"]["method"] == "POST"
    for bad in (json.dumps({**good, "url": "https://evil.example"}), "no json", '{"method": "FLY"}', away):
        assert connect(request, bad, strong=True)[0].data["call"]["url"] == "https://hooks.example.com/T1"
