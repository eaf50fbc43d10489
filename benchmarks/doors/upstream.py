"""A provider that answers at once and costs little: python -m benchmarks.doors.upstream PORT.

It speaks the OpenAI wire, whole or as a stream of 100 chunks, each in a write of its own. GET /counted tells how many
answers and tokens it gave.
"""

import asyncio
import json
import sys

CHUNKS = 100
INPUT, OUTPUT = 9, CHUNKS
USAGE = {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "total_tokens": INPUT + OUTPUT}
WHOLE = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "openai/gpt-oss-20b",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "word " * OUTPUT},
                "finish_reason": "stop",
            }
        ],
        "usage": USAGE,
    }
).encode()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n%s\r\n\r\n"


def chunk(delta: dict[str, str], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    """One event of a stream, in HTTP's chunked coding."""
    event = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "openai/gpt-oss-20b",
        "choices": [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if usage:
        event["usage"] = usage
    return coded(b"data: " + json.dumps(event).encode() + b"\n\n")


def coded(data: bytes) -> bytes:
    """Some data in chunked coding."""
    return b"%x\r\n%s\r\n" % (len(data), data)


STREAM = [
    chunk({"role": "assistant", "content": ""}),
    *(chunk({"content": f"word{number} "}) for number in range(CHUNKS)),
    chunk({}, "stop"),
    chunk({}, usage=USAGE),
    coded(b"data: [DONE]\n\n") + b"0\r\n\r\n",
]
answered = {"answers": 0, "tokens": 0}


class Provider(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client came."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.received = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            place = head.find(b"content-length:")
            length = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self.received) < end + 4 + length:
                return
            body, self.received = (
                self.received[end + 4 : end + 4 + length],
                self.received[end + 4 + length :],
            )
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        """A whole answer, a stream, or what was counted."""
        if head.startswith(b"get"):
            self.whole(json.dumps(answered).encode())
            return
        answered["answers"] += 1
        answered["tokens"] += INPUT + OUTPUT
        if b'"stream":true' in body.replace(b" ", b""):
            self.streaming = asyncio.ensure_future(self.stream())
        else:
            self.whole(WHOLE)

    def whole(self, body: bytes) -> None:
        """Some JSON."""
        self.transport.write(HEAD % (b"application/json", b"content-length: %d" % len(body)) + body)

    async def stream(self) -> None:
        """A chunk at each turn of the loop, so that each is a packet of its own."""
        self.transport.write(HEAD % (b"text/event-stream", b"transfer-encoding: chunked"))
        for piece in STREAM:
            self.transport.write(piece)
            await asyncio.sleep(0)


async def main() -> None:
    """Serve until the end."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
