"""Many requests over kept connections, with as little of our own between them as possible."""

import asyncio
import time
from dataclasses import dataclass, field


@dataclass
class Driven:
    """Seconds of each request until its end and until its first event; `failed` were not answered with 200."""

    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    failed: int = 0
    failure: bytes = b""


@dataclass
class Asking:
    """What is asked of whom: `path` on 127.0.0.1 at `port`."""

    port: int
    body: bytes
    key: str = "none"
    path: str = "/v1/chat/completions"
    headers: str = ""

    def request(self) -> bytes:
        """The request as it goes over the wire."""
        return (
            f"POST {self.path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {self.key}\r\n{self.headers}content-length: {len(self.body)}\r\n\r\n"
        ).encode() + self.body


async def drive(asking: Asking, *, requests: int, at_once: int) -> Driven:
    """Send so many, so many at a time, each over a connection that is kept."""
    driven, request = Driven(), asking.request()
    left = iter(range(requests))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", asking.port, limit=1 << 20)
        for _ in left:
            began = time.perf_counter()
            writer.write(request)
            first, status, body = await _answer(reader)
            driven.whole.append(time.perf_counter() - began)
            driven.first.append(first - began)
            if status != 200:  # noqa: PLR2004
                driven.failed += 1
                driven.failure = body[:300]
        writer.close()

    await asyncio.gather(*(one() for _ in range(at_once)))
    return driven


async def _answer(reader: asyncio.StreamReader) -> tuple[float, int, bytes]:
    """When the first of it came, its status, and (of an error) its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    place = head.find(b"content-length:")
    if place >= 0:
        body = await reader.readexactly(int(head[place + 15 :].split(b"\r\n", 1)[0]))
        return time.perf_counter(), status, body
    first, kept = 0.0, b""
    while size := int((await reader.readuntil(b"\r\n")), 16):
        kept = (await reader.readexactly(size + 2))[:-2]
        first = first or time.perf_counter()
    await reader.readexactly(2)
    return first, status, kept
