"""Uploads may be larger than other bodies: on their addresses, with a credential, a few at once."""

import asyncio
import http.client
import io
import json
import re
import tarfile

import pytest
from asgiref.testing import ApplicationCommunicator
from django_tenants.utils import tenant_context

from miosa.http.limits import MAX_BODY_BYTES, BodyLimits, limited
from miosa.http.uploads import Uploads
from miosa.testing.fixtures import open_tenant
from miosa.testing.web_process import web_process
from tenants import api_keys
from tenants.models import Membership
from tenants.scopes import ALL

KEY = (b"authorization", b"Bearer k")


async def size(scope, receive, send):
    """Answer with the length of the body."""
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


def asked(application, *, method="PUT", path="/up", key=True):
    headers = [(b"transfer-encoding", b"chunked"), *([KEY] if key else [])]
    scope = {"type": "http", "method": method, "path": path, "http_version": "1.1", "headers": headers}
    return ApplicationCommunicator(application, scope)


async def sent(door, length, *, more=False):
    await door.send_input({"type": "http.request", "body": b"a" * length, "more_body": more})


def door_of(uploads):
    return limited(size, BodyLimits(body_bytes=100, held_bytes=150), uploads)


@pytest.mark.parametrize(
    ("how", "length", "status"),
    [
        ({}, 1000, 200),
        ({}, 1001, 413),
        ({"method": "POST"}, 101, 413),
        ({"path": "/up/x"}, 101, 413),
        ({"key": False}, 101, 413),
        ({"key": False}, 100, 200),
    ],
)
def test_what_may_be_larger(how, length, status):
    """Only a PUT with a credential, on the address that takes it, and only so far."""

    async def talk():
        door = asked(door_of(Uploads(re.compile("/up"), 1000)), **how)
        await sent(door, length)
        assert (await door.receive_output(5))["status"] == status

    asyncio.run(talk())


def test_few_at_once():
    """The one too many is told to come again; the end of another makes room for it."""

    async def talk():
        uploads = Uploads(re.compile("/up"), 1000, at_once=1)
        application = door_of(uploads)
        first, second, third = (asked(application) for _ in range(3))
        await sent(first, 500, more=True)
        await sent(second, 500, more=True)
        answer = await second.receive_output(5)
        assert (answer["status"], dict(answer["headers"])[b"retry-after"]) == (503, b"2")
        await sent(first, 400)
        assert (await first.receive_output(5))["status"] == 200
        assert (await first.receive_output(5))["body"] == b"900"
        await first.wait(5)
        assert uploads.busy == 0
        await sent(third, 500)
        assert (await third.receive_output(5))["status"] == 200

    asyncio.run(talk())


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_an_archive_larger_than_other_bodies_arrives(tmp_path):
    """By the real server, as a project's files; a JSON body of that size does not."""
    tenant = open_tenant("acme")
    with tenant_context(tenant):
        _, key = api_keys.make("up", scopes=ALL, created_by_id=Membership.objects.get().user_id)
    packed = archive({"a.bin": bytes(range(256)) * (2 * MAX_BODY_BYTES // 256), "index.html": b"<p>hello"})
    with web_process(tmp_path / "log") as port:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        status, made = said(link, "POST", "/api/v1/projects", b'{"name": "Large"}', headers)
        assert status == 201, made
        project = json.loads(made)["id"]
        status, told = said(link, "PUT", f"/api/v1/projects/{project}/archive", packed, headers)
        assert status == 200, told
        assert '"index.html"' in said(link, "GET", f"/api/v1/projects/{project}/files", None, headers)[1]
        # Only announced: whoever goes on sending after the refusal may find the connection closed before the answer.
        announced = headers | {"Content-Length": str(MAX_BODY_BYTES + 1)}
        status, told = said(link, "POST", "/api/v1/projects", None, announced)
        assert status == 413, told


def said(link, method, path, body, headers):
    link.request(method, path, body, headers)
    answer = link.getresponse()
    return answer.status, answer.read().decode()


def archive(files):
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return kept.getvalue()
