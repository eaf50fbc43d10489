"""Agent2Agent 0.3, which many deployed clients speak: the official client in that mode, and the wire as 0.3 writes it."""

import asyncio

import httpx
import pytest
from a2a.client import ClientConfig, ClientFactory
from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import A2AError, TaskNotFoundError
from django_tenants.utils import tenant_context

from agents import submission
from agents.models import Execution
from deployments import approval_policies
from miosa.testing.web_process import web_process
from miosa.tests.test_a2a_server import ASKED, complete, key_of, message, sent
from tenants import api_keys

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
AT_ONCE = a2a.SendMessageConfiguration(return_immediately=True)


@pytest.fixture
def port(tmp_path, tenant):
    with web_process(tmp_path / "web.log") as port:
        yield port


def visit(port, key, doing, *, streaming=False):
    """Do something with a client that was told of the interface of 0.3 alone."""

    async def whole():
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=60) as http:
            there = a2a.AgentInterface(
                url=f"http://127.0.0.1:{port}/a2a", protocol_binding="JSONRPC", protocol_version="0.3"
            )
            card = a2a.AgentCard(
                name="MIOSA", supported_interfaces=[there], capabilities=a2a.AgentCapabilities(streaming=True)
            )
            config = ClientConfig(httpx_client=http, streaming=streaming)
            return await doing(ClientFactory(config).create(card))

    return asyncio.run(whole())


def asked_on_the_wire(port, key, method, params, **headers):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(
        f"http://127.0.0.1:{port}/a2a",
        json=body,
        headers={"Authorization": f"Bearer {key}", **headers},
        timeout=60,
    )


def test_the_card_names_both_versions(port):
    """The newer first; a client that knows only the fields of 0.3 finds the same address there."""
    card = httpx.get(f"http://127.0.0.1:{port}/.well-known/agent-card.json").json()
    assert [one["protocolVersion"] for one in card["supportedInterfaces"]] == ["1.0", "0.3"]
    assert (card["url"], card["preferredTransport"]) == (f"http://127.0.0.1:{port}/a2a", "JSONRPC")
    assert (card["protocolVersion"], card["securitySchemes"]["key"]["scheme"]) == ("0.3", "Bearer")


def test_a_message_becomes_a_task_that_is_read_and_cancelled(port, tenant, other_tenant):
    """With its file, as the key's tenant; another tenant's task is not there."""
    key = key_of(tenant)
    with tenant_context(other_tenant):
        foreign = submission.submit("theirs", requested_by="user:1")

    async def doing(client):
        (answer,) = await sent(
            client, a2a.SendMessageRequest(message=message(notes__txt=b"one"), configuration=AT_ONCE)
        )
        got = await client.get_task(a2a.GetTaskRequest(id=answer.task.id))
        ended = await client.cancel_task(a2a.CancelTaskRequest(id=answer.task.id))
        with pytest.raises(TaskNotFoundError):
            await client.get_task(a2a.GetTaskRequest(id=str(foreign.pk)))
        return answer.task, got, ended

    made, got, ended = visit(port, key, doing)
    assert (made.status.state, got.context_id, ended.status.state) == (
        a2a.TASK_STATE_SUBMITTED, "talk", a2a.TASK_STATE_CANCELED,
    )  # fmt: skip
    execution = Execution.objects.get(pk=made.id)
    assert execution.request == ASKED
    assert [one.path for one in execution.artefacts.all()] == ["notes.txt"]


def test_a_stream_tells_until_the_end(port, tenant):
    """First the task, at last its answer and that it is completed."""

    async def followed(client):
        told = []
        async for one in client.send_message(a2a.SendMessageRequest(message=message())):
            told.append(one)
            if one.HasField("task"):
                await asyncio.to_thread(complete, tenant, one.task.id)
        return told

    told = visit(port, key_of(tenant), followed, streaming=True)
    assert told[0].HasField("task")
    assert told[-2].artifact_update.artifact.parts[0].text == "3"
    assert told[-1].status_update.status.state == a2a.TASK_STATE_COMPLETED


def test_on_the_wire_it_is_as_0_3_has_it(port, tenant):
    """Written out, without any client: kinds, states and roles of 0.3; a wait that meets a question for a person."""
    approval_policies.make({"kind": "spend", "above_micros": 0}, actor="user:1")
    said = {"kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": ASKED}]}
    told = asked_on_the_wire(
        port, key_of(tenant), "message/send", {"message": said, "configuration": {"blocking": True}}
    )
    task = told.json()["result"]
    assert (task["kind"], task["status"]["state"]) == ("task", "input-required")
    assert task["status"]["message"]["role"] == "agent"


def test_a_caller_who_may_not_is_told_in_words(port, tenant):
    """0.3 hears JSON-RPC alone: the error says what REST said."""
    with tenant_context(tenant):
        key = api_keys.make("reads", scopes=["executions:read"])[1]
    with pytest.raises(A2AError, match="tasks:write"):
        visit(port, key, lambda client: sent(client, a2a.SendMessageRequest(message=message())))
    assert not Execution.objects.exists()


@pytest.mark.parametrize(
    ("method", "version", "code"),
    [
        ("GetTask", "2.0", -32009),
        ("GetTask", "0.3", -32009),
        ("tasks/get", "1.0", -32603),
        ("tasks/got", "0.3", -32601),
    ],
)
def test_another_version_is_told_which_is_spoken(port, tenant, method, version, code):
    """VersionNotSupported, with the version that this method is of."""
    told = asked_on_the_wire(port, key_of(tenant), method, {"id": "x"}, **{"A2A-Version": version}).json()[
        "error"
    ]
    assert told["code"] == code
    assert code == -32601 or "Expected version" in told["message"]


def test_nothing_is_pushed(port, tenant):
    """Neither to addresses of a message nor to those of a task."""
    config = {"taskId": "x", "pushNotificationConfig": {"url": "http://127.0.0.1:1/"}}
    told = asked_on_the_wire(port, key_of(tenant), "tasks/pushNotificationConfig/set", config)
    assert told.json()["error"]["code"] == -32003
    said = {"kind": "message", "messageId": "m1", "role": "user", "parts": [{"kind": "text", "text": ASKED}]}
    pushed = {"pushNotificationConfig": config["pushNotificationConfig"]}
    told = asked_on_the_wire(port, key_of(tenant), "message/send", {"message": said, "configuration": pushed})
    assert told.json()["error"]["code"] == -32003
    assert not Execution.objects.exists()
