"""A connection to a name: looked up once, every address checked, connected to that very address; threads' side."""

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from miosa.http.guarded.deadline import Deadline
from miosa.http.guarded.deciding import Destination
from miosa.http.guarded.errors import OutgoingRefused
from miosa.http.guarded.rules import Rules

Resolver = Callable[[str, int], Sequence[str]]  # host and port to addresses; OSError when there are none
MOST_ADDRESSES = 3  # that are tried, one after the other


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the system for all addresses of a name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class CheckedBackend(httpcore.NetworkBackend):
    """httpcore's way to the network for one call: no name is looked up but by our resolver, and but once."""

    def __init__(
        self, destination: Destination, rules: Rules, *, resolver: Resolver, deadline: Deadline
    ) -> None:
        self._destination, self._rules = destination, rules
        self._resolver, self._deadline = resolver, deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = self._looked_up(host, port)
        addresses = self._destination.refuse_addresses(found, self._rules)[:MOST_ADDRESSES]
        for position, address in enumerate(addresses):
            try:
                seconds = self._deadline.at_most(timeout)
                stream = self._network.connect_tcp(str(address), port, seconds, None, socket_options)
                return TimedStream(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if position == len(addresses) - 1:
                    raise
        raise httpcore.ConnectError

    def _looked_up(self, host: str, port: int) -> Sequence[str]:
        """Look the name up in a thread: the system's resolver keeps no time of ours."""
        answer: queue.Queue[Sequence[str] | OSError] = queue.Queue(maxsize=1)

        def look_up() -> None:
            try:
                answer.put(self._resolver(host, port))
            except (OSError, UnicodeError) as failure:
                answer.put(failure if isinstance(failure, OSError) else OSError(str(failure)))

        threading.Thread(target=look_up, daemon=True).start()
        try:
            found = answer.get(timeout=self._deadline.at_most(self._rules.connect_s))
        except queue.Empty:
            raise httpcore.ConnectTimeout(f"{host} was not found in time.") from None
        if isinstance(found, OSError):
            raise OutgoingRefused(f"{host} has no address.") from found
        return found


class TimedStream(httpcore.NetworkStream):
    """A connection on which no operation outlasts the call, however many there are."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.at_most(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.at_most(timeout))
        return TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
