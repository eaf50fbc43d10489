"""Our server flooded: bodies without end, broken uploads, slow clients, more creates than it takes."""

import concurrent.futures
import json
import socket
import struct
import time
import zlib

import httpx
import pytest
from e2b import RateLimitException
from e2b_code_interpreter import Sandbox

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import our_server, server_fixture  # noqa: F401
from deployments.tests.e2b_raw import connect_headers, raw_head, resident

pytestmark = needs_boxes
CREATE = {"templateID": "base", "timeout": 60}


@pytest.fixture(name="victim", scope="module")
def victim_fixture(server):
    """Another tenant's sandbox, with a file that is nobody else's business."""
    with server.place(tenant="victim").open() as sandbox:
        sandbox.files.write("secret.txt", "nobody else's")
        yield sandbox


def test_a_mountain_in_a_small_packed_body_stops_at_the_disk(server):
    """What unpacks to more than the box's disk is refused; the server's memory does not grow with it."""
    with server.place(tenant="mountain", disk_bytes=32 * 1024 * 1024).open() as sandbox:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        zeros = bytes(1024 * 1024)
        body = b"".join(packer.compress(zeros) for _ in range(400)) + packer.flush()
        assert len(body) < 1_000_000
        before = resident(server.process.pid)
        headers = connect_headers(sandbox) | {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "gzip",
        }
        answer = httpx.post(f"{server.address}/files?path=big", content=body, headers=headers, timeout=60)
        assert answer.status_code == 507, answer.text
        assert resident(server.process.pid) - before < 64 * 1024 * 1024
        assert not sandbox.files.exists("big")


@pytest.mark.parametrize(
    "body",
    [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nabc\r\n--x--"],
)
def test_broken_forms_are_refused(server, victim, body):
    """A form that ends early or names no file writes nothing."""
    headers = connect_headers(victim) | {"Content-Type": "multipart/form-data; boundary=x"}
    assert httpx.post(f"{server.address}/files", content=body, headers=headers).status_code == 400


def test_an_upload_that_stops_leaves_nothing(server, victim):
    """Half a file is no file."""
    with socket.create_connection(("127.0.0.1", server.port)) as line:
        head = raw_head("POST", "/files?path=/home/user/half.bin", victim, "Content-Length: 1000000")
        line.sendall(head + b"x" * 1000)
        time.sleep(0.2)
    assert victim.commands.run("ls -A /home/user").stdout.split() == ["secret.txt"]


def test_slow_clients_hold_up_nobody(server, victim):
    """A hundred connections that send a byte now and then, and one that never reads: others are served."""
    lines = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(b"POST /v2/sandboxes HTTP/1.1\r\nHost: x\r\nX-A: ")
        start = json.dumps({"process": {"cmd": "/usr/bin/yes", "args": ["x" * 100]}, "stdin": False}).encode()
        body = struct.pack(">BI", 0, len(start)) + start
        head = raw_head(
            "POST", "/process.Process/Start", victim,
            f"Content-Length: {len(body)}", "Content-Type: application/connect+json", "Connect-Protocol-Version: 1",
        )  # fmt: skip
        lines[0].close()
        lines[0] = socket.create_connection(("127.0.0.1", server.port))
        lines[0].sendall(head + body)
        before = resident(server.process.pid)
        began = time.monotonic()
        assert victim.commands.run("echo served").stdout == "served\n"
        assert time.monotonic() - began < 10
        assert resident(server.process.pid) - before < 64 * 1024 * 1024
    finally:
        for line in lines:
            line.close()


def test_no_more_than_allowed_are_opened_at_once():
    """Two hundred creates at the same moment: exactly as many as the key and the machine allow."""
    with our_server("--most", "6") as server, httpx.Client(timeout=60) as client:
        small = server.key(tenant="small", boxes=4)
        large = server.key(tenant="large", boxes=100)

        def create(key):
            return client.post(
                f"{server.address}/v2/sandboxes", json=CREATE, headers={"X-API-KEY": key}
            ).status_code

        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            first = list(pool.map(create, [small] * 200))
            assert sorted(set(first)) == [201, 429]
            assert first.count(201) == 4
            assert list(pool.map(create, [large] * 20)).count(201) == 2
        with pytest.raises(RateLimitException, match="allows 4 at once"):
            Sandbox.create(**{**server.place().options, "api_key": small})
