"""A client of several calls is written by a capable model and exercised over HTTP; what is not right is not delivered."""

import pytest

from agents import artefacts, submission
from agents.models import ToolUse
from agents.tests.box_bench import BoxBench
from agents.tests.connecting_scripts import HASTY, PATIENT, connector
from agents.text.wire_job import interface, job_of
from agents.verifiers.wire import try_client, wire_evidence
from miosa.testing.flows import providers, run
from miosa.testing.wire_server import WireServer

ASKED = (
    "Write a client for https://api.example.com/v1 with a bearer token: GET /orders, paginated with a cursor and rows in"
    ' "items", POST /orders with JSON {"item": "tea"}, and GET /orders/{id}. Retry with backoff when it is busy, and check'
    " webhooks that are signed in the header X-Shop-Signature"
)
JOB = job_of(ASKED)


def worked(script):
    with WireServer(script) as wire, providers(groq=wire.url, embeddings=wire.url.removesuffix("/v1")):
        return run(submission.submit(ASKED, requested_by="user:1"))


def faults(source, job=JOB):
    """What the exercises say of a client, by check."""
    found = wire_evidence(try_client(BoxBench(), {"client.py": source}, job), job)
    return {one.check: one.detail for one in found if not one.passed}


def test_a_client_is_written_exercised_and_repaired(tenant):
    """The hasty one is told that it did not wait; the one that is delivered passes every exercise over HTTP."""
    execution = worked(connector(PATIENT))
    step = execution.steps.get(agent="integration")
    passed = {one["check"]: one["passed"] for one in step.evidence}
    assert (step.success, step.data["repairs"]) == (True, 1), step.error
    assert passed["every call is as described"]
    assert passed["all pages are read"]
    assert passed["what passes is tried again"]
    assert passed["signatures are checked"]
    assert passed["a refusal becomes an error"]
    assert passed["its tests pass"]
    assert artefacts.read(artefacts.newest(execution.pk)["client.py"]).decode() == PATIENT
    assert "5 of 5 checks pass" in step.output
    assert "The real service was not called" in step.output
    assert ToolUse.objects.filter(step=step, tool="write_file").count() == 3


def test_what_is_not_right_gives_way_to_the_client_of_one_call(tenant):
    """It stays hasty: the client that a rule writes is delivered, and what is missing is said and costs confidence."""
    step = worked(connector(HASTY)).steps.get(agent="integration")
    assert step.success
    assert "def fetch_orders(" in step.data["files"]["client.py"]
    assert "class Client" not in step.data["files"]["client.py"]
    assert "**Less than was asked**" in step.output
    assert "told to wait 7 s it waited [1.0]" in step.output
    assert [one["check"] for one in step.evidence if not one["passed"]] == ["all that was asked is in it"]


def test_a_right_client_has_no_fault():
    """Every exercise passes."""
    assert faults(PATIENT) == {}


@pytest.mark.parametrize(
    ("old", "new", "check", "told"),
    [
        ("/v1/orders/{id}", "/v1/order/{id}", "every call is as described", "/v1/order/i41 came instead"),
        ("Bearer {", "{", "every call is as described", "the header Authorization held 'key-51c9'"),
        ('"POST", "/v1/orders"', '"PUT", "/v1/orders"', "every call is as described", "PUT came instead of POST"),
        ("json.dumps(payload)", "json.dumps([payload])", "every call is as described", "the body was [{"),
        ("PASSING or", "() or", "what passes is tried again", "it gives up: CallFailedError: 503"),
        ("2.0**number", "1", "what passes is tried again", "which does not grow"),
        ("429, 502", "401, 429, 502", "a refusal becomes an error", "a 401 is tried again"),
        ("error.code, error.reason", "None, error.reason", "a refusal becomes an error", "a 401 gives"),
        ("if not cursor:", "if True:", "all pages are read", "asked for by nothing"),
        ("'?cursor='", "'?after='", "all pages are read", "/v1/orders?after=c2"),
        ("hmac.compare_digest(", "bool(said) or (", "signatures are checked", "a changed body is taken"),
        (".lower(): value", ": value", "signatures are checked", "is refused"),
        ('headers.items()}.get("x-shop-signature", "")', 'headers.items()}["x-shop-signature"]', "signatures are checked", "KeyError"),
    ],
)  # fmt: skip
def test_each_fault_is_found(old, new, check, told):
    """One thing wrong, one check fails and says what came over the wire."""
    assert old in PATIENT
    found = faults(PATIENT.replace(old, new))
    assert told in found[check]


def test_a_client_cannot_answer_for_the_stand_in():
    """What it prints counts for nothing: the line with the answers is the harness's own, and the expectations are gone."""
    forged = 'import os\nprint("WIRE-0 {}")\nassert not os.path.exists("wire_spec.json")\n'
    assert faults(PATIENT.replace("import hashlib\n", f"import hashlib\n{forged}")) == {}
    assert set(faults("raise SystemExit")) > {"every call is as described"}


@pytest.mark.parametrize(
    ("said", "style"),
    [
        ("all pages of GET https://a.example/items by the Link header", "link"),
        ("GET https://a.example/items with the page number, all pages", "page"),
        ("GET https://a.example/items and follow the next page", "next"),
        ("GET https://a.example/items by offset and limit", "offset"),
        ("GET https://a.example/items, next_page_token leads on", "token"),
    ],
)
def test_pages_are_read_as_the_request_says(said, style):
    """The stand-in pages in that way, and the interface tells how."""
    job = job_of(said)
    assert (job.pages, job.is_more, job.calls[0].path) == (style, True, "/items")
    assert "`fetch_items` returns one list with the rows of all pages" in interface(job)
    assert "all pages are read" in faults(PATIENT.replace("fetch_orders", "fetch_items"), job)


def test_one_plain_call_is_no_more_than_that():
    """What the rule writes well is left to it."""
    assert not job_of(
        'Call POST https://api.example.com/v1/messages with JSON {"text": "hi"} and a bearer token'
    ).is_more
    assert not job_of("Fetch https://api.example.com/users").is_more
    assert job_of("Sync https://api.example.com/items with retries, all pages").calls[0].method == "GET"
