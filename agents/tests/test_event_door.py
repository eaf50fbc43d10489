"""The event stream's ASGI door: the same rows and the same refusals as the REST API."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from agents import control, submission
from agents.api.events import FEED
from miosa.limits_environment import Rate
from tenants.event_feed import door

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def execution(tenant):
    """An execution that was handed in and has not begun."""
    return submission.submit("Say hello", requested_by="user:test")


@pytest.fixture
def key(api):
    """A key of the tenant, as a header's bytes."""
    return api._credentials["HTTP_AUTHORIZATION"].encode()


def asked(execution_id, *, key=b"", last=b""):
    headers = [(b"authorization", key)] + ([(b"last-event-id", last)] if last else [])
    path = f"/api/v1/executions/{execution_id}/events"
    assert FEED.path.match(path)
    return ApplicationCommunicator(
        partial(door, FEED), {"type": "http", "method": "GET", "path": path, "headers": headers}
    )


def conversed(talk):
    return asyncio.run(talk)


async def whole(door):
    start = await door.receive_output(10)
    body = b""
    while (part := await door.receive_output(10)).get("more_body"):
        body += part["body"]
    return start, body + part.get("body", b"")


def test_it_streams_to_the_end(execution, key):
    """All events of an ended execution, then the end of the stream."""
    control.cancel(execution.pk)
    start, body = conversed(whole(asked(execution.pk, key=key)))
    assert start["status"] == 200
    assert body.count(b"event: ") == 2
    assert body.startswith(b"id: 1\nevent: task_created")
    assert b"event: task_cancelled" in body


def test_it_resumes(execution, key):
    """Only what came after the last event seen."""
    control.cancel(execution.pk)
    _, body = conversed(whole(asked(execution.pk, key=key, last=b"1")))
    assert body.startswith(b"id: 2")


def test_it_follows_and_lets_go(execution, key):
    """While the execution goes on the stream stays open; a reader who leaves ends it."""

    async def talk():
        door = asked(execution.pk, key=key)
        assert (await door.receive_output(10))["status"] == 200
        assert b"task_created" in (await door.receive_output(10))["body"]
        await door.send_input({"type": "http.disconnect"})
        await door.wait(10)

    conversed(talk())


@pytest.mark.parametrize(
    ("change", "status"),
    [({"key": b""}, 401), ({"key": b"Bearer miosa_wrong"}, 401), ({"last": b"x"}, 400)],
    ids=["no key", "wrong key", "no event's id"],
)
def test_it_refuses_like_the_api(execution, key, change, status):
    """A problem document with the same status."""
    start, body = conversed(whole(asked(execution.pk, **({"key": key} | change))))
    assert start["status"] == status
    assert (b"content-type", b"application/problem+json") in start["headers"]
    assert f'"status": {status}'.encode() in body


def test_it_knows_no_foreign_execution(execution, other_api):
    """Another tenant's key gets 404."""
    start, _ = conversed(
        whole(asked(execution.pk, key=other_api._credentials["HTTP_AUTHORIZATION"].encode()))
    )
    assert start["status"] == 404


def test_it_counts_against_the_limits(execution, key, tenant):
    """A stream takes a request from the same buckets as the REST API, tells what is left, and is refused beyond."""
    control.cancel(execution.pk)
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, rate_credential=Rate(2, 3600, 2))
    try:
        told = [conversed(whole(asked(execution.pk, key=key)))[0] for _ in range(3)]
        told.append(conversed(whole(asked(execution.pk, key=b"Bearer miosa_wrong")))[0])
    finally:
        settings.ENVIRONMENT = before
    assert [start["status"] for start in told] == [200, 200, 429, 401]
    headers = [dict(start["headers"]) for start in told]
    assert b'"credential";r=1;' in headers[0][b"ratelimit"]
    assert int(headers[2][b"retry-after"]) > 1000
    assert b'"address"' in headers[3][b"ratelimit-policy"]
