"""Who hangs up is worked for no longer, at /mcp and at /a2a: the looks for them end, and what they asked REST is whole."""

import asyncio
import json

import pytest

from miosa.protocols.a2a_server import A2aDoor
from miosa.protocols.mcp_server import McpDoor
from miosa.protocols.within import Within

EXECUTION = {
    "id": "e", "state": "in_progress", "conversation": "", "waits_for_person": False, "confidence": 0.0,
    "cost_micros": 0, "steps": [], "output": "", "error": "",
}  # fmt: skip
WAIT = {"name": "wait_for_execution", "arguments": {"execution_id": "e"}}
MESSAGE = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "Say hello"}]}
CALLS = {
    "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": WAIT},
    "/a2a": {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": MESSAGE}},
}
HEADERS = {"content-type": "application/json", "accept": "application/json", "a2a-version": "1.0"}


class Rest:
    """Answers as REST does of an execution that never ends; tells when it was looked at, and counts whole answers."""

    def __init__(self):
        self.begun, self.ended, self.looked, self.whole = 0, 0, asyncio.Event(), asyncio.Event()

    async def __call__(self, scope, receive, send):
        self.begun += 1
        self.whole.clear()
        if scope["path"].startswith("/api/v1/executions/"):
            self.looked.set()
            await asyncio.sleep(0)
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": json.dumps(EXECUTION).encode()})
        self.ended += 1
        if self.ended == self.begun:
            self.whole.set()


def scope(path):
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    return {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers,
        "http_version": "1.1", "scheme": "http", "server": ("here", 80), "client": ("127.0.0.1", 1), "root_path": "",
    }  # fmt: skip


async def hung_up(path):
    """Ask for what takes a minute, hang up when it is first looked for, and wait until nobody works for it."""
    rest, sent = Rest(), []
    waiting = [{"type": "http.request", "body": json.dumps(CALLS[path]).encode(), "more_body": False}]

    async def receive():
        if waiting:
            return waiting.pop()
        await rest.looked.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    mcp = McpDoor(Within(rest))
    door = mcp if path == "/mcp" else A2aDoor(Within(rest), {}, "")
    async with mcp.run(), asyncio.timeout(20):
        await door(scope(path), receive, send)
        await rest.whole.wait()
    return rest, sent


@pytest.mark.parametrize("path", CALLS)
def test_a_wait_ends_with_who_waits(path):
    """At once, and not when the time that was asked for is over; what REST was asked it has answered."""
    rest, sent = asyncio.run(hung_up(path))
    assert rest.looked.is_set()
    assert (rest.begun, rest.ended) in {(2, 2), (3, 3)}  # the key, the task at /a2a, one look
    assert not [one for one in sent if one["type"] == "http.response.body" and one.get("body")]
