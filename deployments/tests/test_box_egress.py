"""A box reaches the hosts it was given through a proxy, and nobody else; without any it has no network at all."""

import asyncio
import socket

import pytest

from deployments.boxes.egress import Egress, NotCalled, allowed, destination, to_public
from deployments.lifecycle.reaching import bounded
from deployments.tests.boxes import needs_boxes
from deployments.tests.live_boxes import in_box, python

HOSTS = ("api.example.org", "*.example.net")


@pytest.mark.parametrize(
    ("host", "port", "may"),
    [
        ("api.example.org", 443, True),
        ("API.example.org.", 80, True),
        ("www.example.net", 443, True),
        ("example.net", 443, False),
        ("api.example.org", 22, False),
        ("api.example.org.evil.example", 443, False),
        ("notexample.net", 443, False),
        ("127.0.0.1", 80, False),
        ("", 443, False),
    ],
)
def test_who_may_be_called(host, port, may):
    """The name exactly, or what lies below it; the web's ports; addresses never."""
    assert allowed(host, port, HOSTS) is may


def test_the_name_that_is_called_is_the_name_that_is_asked_for():
    """Another Host, credentials for the proxy and its connection stay behind."""
    head = (
        b"GET http://api.example.org/a?b=1 HTTP/1.1\r\nHost: inside.example\r\nProxy-Authorization: Basic x\r\n"
        b"Proxy-Connection: keep-alive\r\nAccept: */*\r\n\r\n"
    )
    host, port, first = destination(head)
    assert (host, port) == ("api.example.org", 80)
    assert first == (
        b"GET /a?b=1 HTTP/1.1\r\nHost: api.example.org\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    assert destination(b"CONNECT api.example.org:443 HTTP/1.1\r\n\r\n") == ("api.example.org", 443, b"")


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"CONNECT x HTTP/1.1\r\n\r\n",
        b"GET ftp://a/b HTTP/1.1\r\n\r\n",
        b"\xff\r\n\r\n",
        b"A B\r\n\r\n",
    ],
)
def test_what_is_no_request_for_a_proxy(head):
    """Raises, and the program is told what this proxy takes."""
    with pytest.raises(ValueError, match=r".*"):
        destination(head)


async def echo(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + head)
    await writer.drain()
    writer.close()


async def through(egress, sent):
    """Send bytes through one connection of the proxy; return what comes back."""
    ours, theirs = socket.socketpair()
    for end in (ours, theirs):
        end.setblocking(False)
    egress.serve(theirs)
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(sent)
    writer.write_eof()
    got = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return got


async def with_far_side(talk):
    """Run a conversation with a proxy whose every host is a server on loopback."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    place = server.sockets[0].getsockname()

    async def connect(_host, _port):
        return await asyncio.open_connection(*place)

    egress = Egress(HOSTS, connect=connect)
    try:
        return egress, await talk(egress)
    finally:
        egress.close()
        server.close()


def test_it_passes_on_what_may_pass_and_counts_it():
    """Plain requests with their head made anew, tunnels as they are; both directions are counted."""

    async def talk(egress):
        plain = await through(egress, b"GET http://api.example.org/x HTTP/1.1\r\nHost: other\r\n\r\n")
        tunnel = await through(egress, b"CONNECT www.example.net:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        return plain, tunnel

    egress, (plain, tunnel) = asyncio.run(with_far_side(talk))
    assert b"200 OK" in plain
    assert b"Host: api.example.org" in plain
    assert b"other" not in plain
    assert tunnel.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
    assert egress.transferred > 100
    assert not egress.refused


def test_it_refuses_with_a_sentence_and_remembers_whom():
    """403 for another host, and for what is no request at all."""

    async def talk(egress):
        return [
            await through(egress, b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n"),
            await through(egress, b"CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n"),
            await through(egress, b"hello\r\n\r\n"),
            await through(egress, b"GET http://api.example.org/" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n"),
        ]

    egress, answers = asyncio.run(with_far_side(talk))
    assert all(answer.startswith(b"HTTP/1.1 403") for answer in answers)
    assert b"is not among the hosts this box may call" in answers[0]
    assert egress.refused == {"evil.example:443", "169.254.169.254:80"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "10.0.0.1", "nothing.invalid"])
def test_a_name_that_leads_inside_is_not_called(host):
    """Whatever name stands on the list: its address has to be the public internet's."""
    with pytest.raises(NotCalled):
        asyncio.run(to_public(host, 80))


PROBE = """
import os, urllib.request, urllib.error
for url in ("http://evil.example/", "http://api.example.org/"):
    try: print(urllib.request.urlopen(url, timeout=20).status)
    except urllib.error.HTTPError as error: print(error.code, error.read().decode().strip())
    except OSError as error: print("no network", type(error).__name__)
"""


@needs_boxes
@pytest.mark.parametrize("hosts", [(), ("api.example.org",)])
def test_a_program_in_a_box_meets_the_proxy_or_nothing(hosts):
    """With a list it is told who may not be called; without one there is nobody to ask."""

    async def work(box):
        return await python(box, PROBE)

    said, _ = in_box(work, hosts=hosts)
    if hosts:
        assert "403 evil.example:80 is not among the hosts this box may call." in said
        assert "api.example.org:80 does not answer." in said or "does not lead to the public" in said
    else:
        assert said.count("no network") == 2


def test_a_plan_bounds_the_hosts_of_a_service():
    """Its list without more words; any that is named where the plan says any; none that it does not have."""
    plan = {"memory_mb": 256, "hosts": ("pypi.org",)}
    assert bounded({}, **plan)["egress_hosts"] == ["pypi.org"]
    assert bounded({"egress_hosts": ["evil.example"]}, **plan)["egress_hosts"] == []
    anywhere = plan | {"hosts": ("*",)}
    assert bounded({}, **anywhere)["egress_hosts"] == []
    assert bounded({"egress_hosts": ["api.example.org"]}, **anywhere)["egress_hosts"] == ["api.example.org"]
