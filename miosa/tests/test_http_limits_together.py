"""Bodies that arrive at once share what may be held; and what HTTP/2 does not announce is limited all the same."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator

from miosa.http.limits import BodyLimits, limited


async def echo(scope, receive, send):
    """Answer with the body, and with the length its header tells."""
    body = (await receive())["body"]
    length = dict(scope["headers"])[b"content-length"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"told", length)]})
    await send({"type": "http.response.body", "body": body})


def asked(application, *, version="1.1", headers=((b"transfer-encoding", b"chunked"),)):
    scope = {"type": "http", "method": "POST", "path": "/", "http_version": version, "headers": list(headers)}
    return ApplicationCommunicator(application, scope)


def part(body, *, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


async def answered(door):
    start, body = await door.receive_output(5), await door.receive_output(5)
    return start["status"], dict(start["headers"]), body["body"]


def test_all_bodies_together_are_bounded():
    """The one that would be too much is told 503; the others arrive, and their end makes room."""

    async def talk():
        limits = BodyLimits(body_bytes=100, held_bytes=150)
        application = limited(echo, limits)
        first, second = asked(application), asked(application)
        await first.send_input(part(b"a" * 90))
        await second.send_input(part(b"b" * 90))
        status, headers, body = await answered(second)
        assert (status, headers[b"retry-after"]) == (503, b"5")
        assert json.loads(body)["status"] == 503
        await first.send_input(part(b"a" * 10, more=False))
        assert (await answered(first))[2] == b"a" * 100
        assert limits.held == 0
        third = asked(application)
        await third.send_input(part(b"c" * 100, more=False))
        assert (await answered(third))[0] == 200

    asyncio.run(talk())


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
def test_http_2_announces_no_body(size, status):
    """There a body may come without a word in the headers: it is counted, and WSGI is told its length."""

    async def talk():
        door = asked(limited(echo, BodyLimits(body_bytes=100)), version="2", headers=())
        await door.send_input(part(b"a" * size, more=False))
        got, headers, _ = await answered(door)
        assert got == status
        assert headers.get(b"told", b"100") == b"100"
        assert b"connection" not in headers

    asyncio.run(talk())


def test_who_leaves_in_the_middle_is_forgotten():
    """A connection that ends before its body frees what was held, and no view hears of it."""

    async def talk():
        limits = BodyLimits(body_bytes=100)
        door = asked(limited(echo, limits))
        await door.send_input(part(b"a" * 50))
        await door.send_input({"type": "http.disconnect"})
        await door.wait(5)
        assert limits.held == 0
        assert await door.receive_nothing()

    asyncio.run(talk())
