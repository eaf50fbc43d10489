"""A stream of events ends with the session or key that opened it, in both of its forms."""

import asyncio
import time
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from asgiref.testing import ApplicationCommunicator

from agents import submission
from agents.api.events import FEED
from tenants import api_keys, sessions
from tenants.event_feed import ADMIT_EVERY_S, Reader
from tenants.event_feed import door as event_door
from tenants.models import ApiKey, Membership, Session
from tenants.tests.signing_in import bearer, sign_in

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ENDS_WITHIN_S = 10


@pytest.fixture
def path(tenant):
    """The events of an execution that goes on."""
    return f"/api/v1/executions/{submission.submit('Say hello', requested_by='user:test').pk}/events"


def signed_out(said):
    assert bearer(said["access_token"]).delete("/api/v1/tokens").status_code == 204


def end_elsewhere(said):
    session = Session.objects.get(pk=said["session_id"])
    sessions.end(session, because=Session.Revoked.ADMINISTRATOR, actor="system")


def removed(_said):
    Membership.objects.all().delete()


def door(path, credential):
    headers = [(b"authorization", f"Bearer {credential}".encode())]
    return ApplicationCommunicator(
        partial(event_door, FEED), {"type": "http", "method": "GET", "path": path, "headers": headers}
    )


async def read_until_its_end(stream, end):
    """Read the first events, let `end` happen, and return how many seconds later the stream ended."""
    assert (await stream.receive_output(10))["status"] == 200
    assert b"task_created" in (await stream.receive_output(10))["body"]
    await asyncio.to_thread(end)
    began_s = time.monotonic()
    while (await stream.receive_output(10)).get("more_body"):
        pass
    return time.monotonic() - began_s


@pytest.mark.parametrize("end", [signed_out, end_elsewhere, removed])
def test_an_open_stream_ends_with_its_session(tenant, in_tenant, path, end):
    """Signed out, ended by somebody else, or no member any more: the stream is over within seconds."""
    said = sign_in()

    def as_tenant():
        with in_tenant(tenant):
            end(said)

    assert asyncio.run(read_until_its_end(door(path, said["access_token"]), as_tenant)) < ENDS_WITHIN_S


def test_an_open_stream_ends_with_its_key(tenant, in_tenant, path):
    """A revoked key reads no further either."""
    row, plain = api_keys.make("reader", scopes=["executions:read"])

    def revoke():
        with in_tenant(tenant):
            api_keys.revoke(ApiKey.objects.get(pk=row.pk))

    assert asyncio.run(read_until_its_end(door(path, plain), revoke)) < ENDS_WITHIN_S


def test_a_dead_session_opens_no_stream(path):
    """After the sign-out the door answers 401, as every route does."""
    said = sign_in()
    signed_out(said)
    start = asyncio.run(door(path, said["access_token"]).receive_output(10))
    assert start["status"] == 401


def test_it_ends_under_any_wsgi_server_too(path):
    """The view, a thread for each reader, stops as well."""
    said = sign_in()
    answer: Any = bearer(said["access_token"]).get(path)
    frames = iter(answer.streaming_content)
    assert b"task_created" in next(frames)
    signed_out(said)
    began_s = time.monotonic()
    assert list(frames) == []
    assert time.monotonic() - began_s < ENDS_WITHIN_S


def test_it_goes_on_while_nothing_ends(tenant, owner, path):
    """A living session is looked at again and again, and the stream stays open."""
    grant = sessions.open_session(owner)
    reader = Reader(FEED, sessions.member(grant.session_id, owner.pk), tenant, UUID(path.split("/")[4]))
    for _ in range(3):
        reader.admitted_s -= 2 * ADMIT_EVERY_S
        seen_s = reader.admitted_s
        assert not reader.look(0).ended
        assert reader.admitted_s > seen_s
