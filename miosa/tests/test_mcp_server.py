"""The platform as an MCP server, asked by the official client over a socket with keys of tenants."""

import asyncio
import json

import httpx2
import pytest
from django_tenants.utils import tenant_context
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agents import submission
from agents.models import Execution
from miosa.testing.web_process import web_process
from tenants import api_keys
from tenants.scopes import ALL

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
READING = ["agents:read", "executions:read"]


@pytest.fixture
def port(tmp_path, tenant):
    with web_process(tmp_path / "web.log") as port:
        yield port


def key_of(tenant, scopes=()):
    with tenant_context(tenant):
        return api_keys.make("mcp", scopes=list(scopes or sorted(ALL)))[1]


def visit(port, key, doing):
    """Connect as the SDK does, and do something with the client."""

    async def whole():
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            transport = streamable_http_client(f"http://127.0.0.1:{port}/mcp", http_client=http)
            async with Client(transport) as client:
                return await doing(client)

    return asyncio.run(whole())


def called(port, key, name, **arguments):
    return visit(port, key, lambda client: client.call_tool(name, arguments))


def test_its_tools_have_schemas_and_say_what_they_do(port, tenant):
    """Those that only read say so; every one has a description and a closed schema."""
    found = visit(port, key_of(tenant), lambda client: client.list_tools()).tools
    by_name = {one.name: one for one in found}
    assert {"submit_task", "execution", "wait_for_execution", "deploy", "list_approvals"} <= set(by_name)
    assert by_name["execution"].annotations.read_only_hint is True
    assert by_name["submit_task"].annotations.read_only_hint is False
    assert all(one.description and one.input_schema["additionalProperties"] is False for one in found)


def test_a_task_is_handed_in_and_read_back(port, tenant):
    """It is the tenant's own execution, accepted as over REST, with its files."""
    key = key_of(tenant)
    files = [{"path": "notes/a.txt", "text": "one"}]
    made = called(port, key, "submit_task", request="Count the words of: a b c", files=files)
    assert not made.is_error, made.content
    execution = Execution.objects.get(pk=made.structured_content["id"])
    assert execution.request == "Count the words of: a b c"
    read = called(port, key, "execution", execution_id=str(execution.pk)).structured_content
    assert (read["state"], len(read["steps"])) == ("pending", 1)
    (file,) = called(port, key, "execution_files", execution_id=str(execution.pk)).structured_content["items"]
    assert called(port, key, "file_content", artefact_id=file["id"]).structured_content == {"text": "one"}
    waited = called(port, key, "wait_for_execution", execution_id=str(execution.pk), timeout_s=0)
    assert waited.structured_content["state"] == "pending"


def test_what_rest_refuses_is_refused_here(port, tenant, other_tenant):
    """Another tenant's execution, a scope that is missing, a payload that does not fit: problems, in words."""
    with tenant_context(other_tenant):
        foreign = submission.submit("theirs", requested_by="user:1")
    key = key_of(tenant)
    not_found = called(port, key, "execution", execution_id=str(foreign.pk))
    assert (not_found.is_error, not_found.structured_content["status"]) == (True, 404)
    missing = called(port, key_of(tenant, READING), "submit_task", request="x")
    assert (missing.is_error, missing.structured_content["status"]) == (True, 403)
    wrong = called(port, key, "submit_task", request="x" * 100_001)
    assert (wrong.is_error, wrong.structured_content["status"]) == (True, 422)
    assert Execution.objects.count() == 0


def test_paths_cannot_be_left(port, tenant):
    """An argument is one part of a path, whatever stands in it."""
    for value in ("../api-keys", "..", ".", "", "?limit=1"):
        answer = called(port, key_of(tenant), "execution", execution_id=value)
        assert (answer.is_error, answer.structured_content["status"]) == (True, 404)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("make_tea", {}, "There is no tool make_tea"),
        ("execution", {}, "'execution_id' is a required property"),
        ("submit_task", {"request": ["x"]}, "request: ['x'] is not of type 'string'"),
        ("submit_task", {"request": "x", "mode": "best"}, "mode: 'best' is not one of"),
        ("list_agents", {"limit": 1}, "'limit' was unexpected"),
        ("wait_for_execution", {}, "'execution_id' is a required property"),
        (
            "wait_for_execution",
            {"execution_id": "x", "timeout_s": "long"},
            "timeout_s: 'long' is not of type",
        ),
    ],
)
def test_what_does_not_fit_a_tools_schema_is_told(port, tenant, name, arguments, told):
    """In words, to whoever called it; it is no error of the protocol, and no request of REST."""
    answer = called(port, key_of(tenant), name, **arguments)
    assert (answer.is_error, answer.structured_content) == (True, None)
    assert told in answer.content[0].text


def test_a_number_that_json_does_not_know_is_told(port, tenant):
    """As it comes from a client that is lax about it."""
    asked = {"name": "remember", "arguments": {"text": "x", "importance": float("nan")}}
    answer = httpx2.post(
        f"http://127.0.0.1:{port}/mcp",
        content=json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}),
        headers={"Authorization": f"Bearer {key_of(tenant)}", "Content-Type": "application/json"}
        | {"Accept": "application/json, text/event-stream"},
    ).json()
    assert "no numbers of JSON" in answer["result"]["content"][0]["text"]


def test_a_wait_outlasts_the_rate_of_its_key(port, tenant):
    """A look that came too often is no answer: it goes on when REST says, and tells the execution."""
    with tenant_context(tenant):
        execution = submission.submit("Count the words of: a b c", requested_by="user:1")
        key = api_keys.make("slow", scopes=READING, rate_per_minute=6)[1]
    waited = called(port, key, "wait_for_execution", execution_id=str(execution.pk), timeout_s=12)
    assert not waited.is_error, waited.content
    assert waited.structured_content["state"] == "pending"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer miosa_wrong"}])
def test_without_a_good_key_nothing_is_said(port, header):
    """The same 401 as REST, before the protocol begins."""
    answer = httpx2.post(
        f"http://127.0.0.1:{port}/mcp", headers=header, json={"jsonrpc": "2.0", "id": 1, "method": "x"}
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["status"] == 401
