"""The platform as an A2A agent, asked by the official client over a socket with keys of tenants."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from a2a.client import ClientConfig, create_client
from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import A2AError, InvalidParamsError, TaskNotFoundError, UnsupportedOperationError
from django_tenants.utils import tenant_context

from agents import executions, submission
from agents.models import Execution
from deployments import approval_policies
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


def message(text=ASKED, *, context="talk", task="", **parts):
    content = [a2a.Part(text=text)] if text else []
    content += [a2a.Part(raw=raw, filename=name.replace("__", ".")) for name, raw in parts.items()]
    names = {"message_id": str(uuid4()), "context_id": context, "task_id": task}
    return a2a.Message(**names, role=a2a.ROLE_USER, parts=content)


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
    forged = {"X-Forwarded-Proto": "javascript"}
    card = httpx.get(f"http://127.0.0.1:{port}/.well-known/agent-card.json", headers=forged).json()
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
    for task_id in (str(foreign.pk), str(uuid4()), "../me", "."):
        with pytest.raises(TaskNotFoundError):
            visit(port, key_of(tenant), lambda client, t=task_id: client.get_task(a2a.GetTaskRequest(id=t)))


def test_a_message_that_asks_for_nothing_is_refused(port, tenant):
    """In words; no task is left."""
    nobodys = message()
    nobodys.role = a2a.ROLE_AGENT
    pushed = a2a.SendMessageConfiguration(task_push_notification_config={"url": "https://example.com/"})
    for asked, told in (
        (a2a.SendMessageRequest(message=message("")), "needs a text"),
        (a2a.SendMessageRequest(message=nobodys), "role ROLE_USER"),
        (a2a.SendMessageRequest(message=message(context="c" * 81)), "/conversation: "),
        (
            a2a.SendMessageRequest(message=message(), configuration=pushed),
            "Push Notification is not supported",
        ),
    ):
        with pytest.raises(A2AError, match=told):
            visit(port, key_of(tenant), lambda client, a=asked: sent(client, a))
    assert not Execution.objects.exists()


def test_a_task_takes_no_further_message(port, tenant, other_tenant):
    """What is next is a task of its own in the same context; a task that is not there is not made up."""
    key = key_of(tenant)
    with tenant_context(tenant):
        own = submission.submit(ASKED, requested_by="user:1", conversation="talk")
    with tenant_context(other_tenant):
        foreign = submission.submit(ASKED, requested_by="user:1")
    for task_id, context, error in (
        (own.pk, "talk", UnsupportedOperationError),
        (own.pk, "another", InvalidParamsError),
        (foreign.pk, "", TaskNotFoundError),
        (uuid4(), "", TaskNotFoundError),
    ):
        asked = a2a.SendMessageRequest(message=message(context=context, task=str(task_id)))
        with pytest.raises(error):
            visit(port, key, lambda client, a=asked: sent(client, a))
    complete(tenant, own.pk)
    ended = a2a.SendMessageRequest(message=message(task=str(own.pk)))
    with pytest.raises(UnsupportedOperationError, match="has ended"):
        visit(port, key, lambda client: sent(client, ended))
    subscription = a2a.SubscribeToTaskRequest(id=str(own.pk))
    with pytest.raises(UnsupportedOperationError, match="has ended"):
        visit(port, key, lambda client: anext(aiter(client.subscribe(subscription))), streaming=True)
    with tenant_context(tenant):
        assert Execution.objects.count() == 1


def test_whoever_waits_is_told_that_a_person_is_asked(port, tenant):
    """A message that would wait for the end returns: until somebody has answered, nothing more comes of it."""
    with tenant_context(tenant):
        approval_policies.make({"kind": "spend", "above_micros": 1}, actor="user:1")
    key = key_of(tenant)
    (answer,) = visit(port, key, lambda client: sent(client, a2a.SendMessageRequest(message=message())))
    assert answer.task.status.state == a2a.TASK_STATE_INPUT_REQUIRED
    assert "waits for a person's word" in answer.task.status.message.parts[0].text
    asked = a2a.SendMessageRequest(message=message(task=answer.task.id))
    with pytest.raises(UnsupportedOperationError, match="waits for a person's word"):
        visit(port, key, lambda client: sent(client, asked))


def test_tasks_are_listed_by_context_and_state_page_by_page(port, tenant):
    """What is asked for, and no more; a context is one of its own where none was named."""
    with tenant_context(tenant):
        here = [submission.submit(ASKED, requested_by="user:1", conversation="talk") for _ in range(3)]
        submission.submit(ASKED, requested_by="user:1", conversation="elsewhere")
    complete(tenant, here[0].pk)
    key = key_of(tenant)

    def listed(**asked):
        return visit(port, key, lambda client: client.list_tasks(a2a.ListTasksRequest(**asked)))

    first = listed(context_id="talk", page_size=2)
    second = listed(context_id="talk", page_size=2, page_token=first.next_page_token)
    assert [one.id for one in (*first.tasks, *second.tasks)] == [str(one.pk) for one in reversed(here)]
    assert second.next_page_token == ""
    assert [one.id for one in listed(status=a2a.TASK_STATE_COMPLETED).tasks] == [str(here[0].pk)]
    assert not listed(status=a2a.TASK_STATE_INPUT_REQUIRED).tasks
    with pytest.raises(InvalidParamsError, match="holds no NUL"):
        listed(context_id="a\0")


def test_a_caller_who_may_not_is_told_by_http(port, tenant):
    """Nothing is wrong with what was asked: 403, with the words of REST."""
    with tenant_context(tenant):
        key = api_keys.make("reads", scopes=["executions:read"])[1]
    with pytest.raises(A2AError, match="403"):
        visit(port, key, lambda client: sent(client, a2a.SendMessageRequest(message=message())))


def test_without_a_good_key_nothing_is_said(port):
    """The same 401 as REST."""
    body = {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "x"}}
    answer = httpx.post(
        f"http://127.0.0.1:{port}/a2a", json=body, headers={"Authorization": "Bearer miosa_x"}
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
