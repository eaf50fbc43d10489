"""The platform as an A2A agent, asked by the official client over a socket with keys of tenants."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from a2a.client import ClientConfig, create_client
from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import A2AError
from django_tenants.utils import tenant_context

from agents import executions, submission
from agents.models import Execution
from miosa.testing.web_process import web_process
from tenants import api_keys
from tenants.scopes import ALL

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ASKED = "Count the words of: a b c"


@pytest.fixture
def port(tmp_path, tenant):
    with web_process(tmp_path / "web.log") as port:
        yield port


def key_of(tenant):
    with tenant_context(tenant):
        return api_keys.make("a2a", scopes=sorted(ALL))[1]


def message(text=ASKED, **parts):
    content = [a2a.Part(text=text)] if text else []
    content += [a2a.Part(raw=raw, filename=name.replace("__", ".")) for name, raw in parts.items()]
    return a2a.Message(message_id=str(uuid4()), role=a2a.ROLE_USER, context_id="talk", parts=content)


def visit(port, key, doing, *, streaming=False):
    """Find the agent by its card, as the SDK does, and do something with it."""

    async def whole():
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(headers=headers, timeout=60) as http:
            config = ClientConfig(httpx_client=http, streaming=streaming)
            client = await create_client(f"http://127.0.0.1:{port}", client_config=config)
            return await doing(client)

    return asyncio.run(whole())


async def sent(client, asked):
    return [one async for one in client.send_message(asked)]


def test_its_card_is_there_for_everybody(port):
    """Where it answers, what it can do, and that it wants a key."""
    card = httpx.get(f"http://127.0.0.1:{port}/.well-known/agent-card.json").json()
    assert card["supportedInterfaces"][0]["url"] == f"http://127.0.0.1:{port}/a2a"
    assert card["capabilities"]["streaming"] is True
    assert {one["id"] for one in card["skills"]} >= {"development", "analysis", "quality"}


def test_a_message_becomes_a_task_with_its_files(port, tenant):
    """The task is an execution of the key's tenant; it can be read and cancelled."""
    key = key_of(tenant)
    asked = a2a.SendMessageRequest(
        message=message(notes__txt=b"one"),
        configuration=a2a.SendMessageConfiguration(return_immediately=True),
    )
    (answer,) = visit(port, key, lambda client: sent(client, asked))
    assert (answer.task.status.state, answer.task.context_id) == (a2a.TASK_STATE_SUBMITTED, "talk")
    execution = Execution.objects.get(pk=answer.task.id)
    assert execution.request == ASKED
    assert [one.path for one in execution.artefacts.all()] == ["notes.txt"]
    got = visit(port, key, lambda client: client.get_task(a2a.GetTaskRequest(id=answer.task.id)))
    assert got.status.state == a2a.TASK_STATE_SUBMITTED
    gone = visit(port, key, lambda client: client.cancel_task(a2a.CancelTaskRequest(id=answer.task.id)))
    assert gone.status.state == a2a.TASK_STATE_CANCELED


def test_a_stream_tells_until_the_end(port, tenant):
    """First the task, at last its answer and that it is completed."""
    key = key_of(tenant)

    async def followed(client):
        told = []
        async for one in client.send_message(a2a.SendMessageRequest(message=message())):
            told.append(one)
            if one.HasField("task"):
                await asyncio.to_thread(complete, tenant, one.task.id)
        return told

    told = visit(port, key, followed, streaming=True)
    assert told[0].HasField("task")
    assert told[-2].artifact_update.artifact.parts[0].text == "3"
    assert told[-1].status_update.status.state == a2a.TASK_STATE_COMPLETED


def complete(tenant, execution_id):
    """End it as a worker would."""
    from django.db import connection, transaction

    with tenant_context(tenant), transaction.atomic():
        executions.cancel_steps(execution_id)
        executions.finish(execution_id, "completed", output="3", confidence=8)
    connection.close()


def test_another_tenants_task_is_not_found(port, tenant, other_tenant):
    """As if it were not there, like one that never was."""
    with tenant_context(other_tenant):
        foreign = submission.submit("theirs", requested_by="user:1")
    for task_id in (str(foreign.pk), str(uuid4()), "../me"):
        with pytest.raises(A2AError):
            visit(port, key_of(tenant), lambda client, t=task_id: client.get_task(a2a.GetTaskRequest(id=t)))


def test_a_message_that_asks_for_nothing_is_refused(port, tenant):
    """In words; no task is left."""
    with pytest.raises(A2AError, match="needs a text"):
        visit(port, key_of(tenant), lambda client: sent(client, a2a.SendMessageRequest(message=message(""))))
    assert not Execution.objects.exists()


def test_without_a_good_key_nothing_is_said(port):
    """The same 401 as REST."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "x"}}
    answer = httpx.post(
        f"http://127.0.0.1:{port}/a2a", json=body, headers={"Authorization": "Bearer miosa_x"}
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
