"""The way out of a box: a proxy on the host that calls the hosts it was given, and nobody else."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from miosa.http.guarded.addresses import is_public

PORTS = frozenset({80, 443})
MOST_CONNECTIONS = 32
MOST_HEAD = 16 * 1024
MOST_REMEMBERED = 50
CHUNK = 65_536
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[str, int], Awaitable[Connection]]
HEAD_S, CONNECT_S, IDLE_S = 10.0, 10.0, 120.0


class NotCalled(Exception):  # noqa: N818  (it is what the program is told)
    """The host is not one this box may call."""


def allowed(host: str, port: int, hosts: tuple[str, ...]) -> bool:
    """Whether a name and port may be called; addresses never are."""
    name = host.lower().rstrip(".")
    exact = name in hosts
    below = any(one.startswith("*.") and name.endswith(one[1:]) for one in hosts)
    return port in PORTS and (exact or below)


def destination(head: bytes) -> tuple[str, int, bytes]:
    """Return host, port and what is to be sent on first, from the head of a request. Raise ValueError."""
    line, _, rest = head.partition(b"\r\n")
    method, target, version = line.decode("ascii").split(" ")
    if method == "CONNECT":
        host, _, port = target.rpartition(":")
        return host, int(port), b""
    scheme, separator, address = target.partition("://")
    if scheme.lower() != "http" or not separator:
        raise ValueError(target)
    authority, _, path = address.partition("/")
    host, _, port = authority.partition(":")
    kept = [one for one in rest.split(b"\r\n") if one and not _only_for_us(one)]
    # The name that is called is the name that is asked for, whatever the program wrote there.
    lines = [
        f"{method} /{path} {version}".encode(),
        b"Host: " + authority.encode(),
        *kept,
        b"Connection: close",
    ]
    return host, int(port or 80), b"\r\n".join(lines) + b"\r\n\r\n"


class Egress:
    """Serves connections that the box's agent hands out; counts bytes in both directions."""

    def __init__(self, hosts: tuple[str, ...], *, connect: Connect | None = None) -> None:
        self._hosts, self._connect = hosts, connect or to_public
        self._serving: set[asyncio.Task[None]] = set()
        self.transferred = 0
        self.refused: set[str] = set()

    def serve(self, end: socket.socket) -> None:
        """Serve one connection, unless too many are open."""
        if len(self._serving) >= MOST_CONNECTIONS:
            end.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(end))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    def close(self) -> None:
        """End all connections."""
        for task in self._serving:
            task.cancel()

    async def _serve(self, end: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=end, limit=MOST_HEAD)
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            try:
                await self._answer(reader, writer)
            except NotCalled as error:
                body = f"{error}\n".encode()
                length = str(len(body)).encode()
                writer.write(
                    b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: "
                    + length
                    + b"\r\n\r\n"
                    + body
                )
                await writer.drain()
            finally:
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            host, port, first = destination(head)
        except (ValueError, asyncio.LimitOverrunError):
            raise NotCalled("This proxy takes CONNECT host:port and http:// addresses.") from None
        if not allowed(host, port, self._hosts):
            if len(self.refused) < MOST_REMEMBERED:
                self.refused.add(f"{host[:255]}:{port}")
            raise NotCalled(f"{host}:{port} is not among the hosts this box may call.")
        far_reader, far_writer = await self._connect(host, port)
        try:
            if first:
                far_writer.write(first)
            else:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        finally:
            far_writer.close()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_S):
                data = await source.read(CHUNK)
            if not data:
                break
            self.transferred += len(data)
            target.write(data)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()


async def to_public(host: str, port: int) -> Connection:
    """Connect to an address that was checked, not to the name once more. Raise NotCalled."""
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = [str(one[4][0]) for one in found]
            if not addresses or not all(is_public(ip_address(one)) for one in addresses):
                raise NotCalled(f"{host} does not lead to the public internet.")
            return await asyncio.open_connection(addresses[0], port)
    except (OSError, TimeoutError, ValueError) as error:
        raise NotCalled(f"{host}:{port} does not answer.") from error


def _only_for_us(line: bytes) -> bool:
    return line.partition(b":")[0].strip().lower() in {
        b"host",
        b"proxy-connection",
        b"connection",
        b"proxy-authorization",
    }
