"""The agent's loop: who waits for which descriptor, and the line to the host."""

import os
import selectors
import socket
from collections.abc import Callable
from typing import Any

from .frames import FrameReader, frame

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
CHUNK = 65_536
# With so much on its way to the host, programs wait before they may say more.
CONGESTED = 1024 * 1024

Callback = Callable[[], None]


class Loop:
    """Calls back when a descriptor is ready, or when a while has passed."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def watch(self, descriptor: int, events: int, callback: Callback) -> None:
        """Call back whenever the descriptor is ready; replaces what was asked before."""
        if descriptor in self._selector.get_map():
            self._selector.modify(descriptor, events, callback)
        else:
            self._selector.register(descriptor, events, callback)

    def forget(self, descriptor: int) -> None:
        """No call for this descriptor any more."""
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)

    def turn(self, timeout_s: float | None = None) -> None:
        """Wait once and call whom it concerns."""
        for key, _ in self._selector.select(timeout_s):
            if self._selector.get_map().get(key.fd) is key:  # nobody forgot it on the way
                key.data()


class Line:
    """The line to the host: frames in both directions. The end of it is the end of the agent."""

    def __init__(
        self, loop: Loop, connection: socket.socket, heard: Callable[[dict[str, Any], bytes], None]
    ) -> None:
        self._loop, self._connection, self._heard = loop, connection, heard
        self._reader = FrameReader()
        self._waiting = bytearray()
        self.when_free: list[Callback] = []
        connection.setblocking(False)
        loop.watch(connection.fileno(), READ, self._readable)

    @property
    def congested(self) -> bool:
        """Whether the host is slow to take what it is told."""
        return len(self._waiting) > CONGESTED

    def tell(self, header: dict[str, Any], data: bytes = b"") -> None:
        """Send a frame, now or when there is room."""
        self._waiting += frame(header, data)
        self._send()

    def _readable(self) -> None:
        try:
            data = self._connection.recv(CHUNK * 4)
        except BlockingIOError:
            data = None
        except OSError:
            data = b""
        if data == b"":
            os._exit(0)  # the host is gone: as process 1 we take everything with us
        if data:
            for header, body in self._reader.feed(data):
                self._heard(header, body)
        self._send()

    def _send(self) -> None:
        try:
            while self._waiting:
                sent = self._connection.send(memoryview(self._waiting)[: CHUNK * 4])
                del self._waiting[:sent]
        except BlockingIOError:
            pass
        except OSError:
            os._exit(0)
        events = READ | WRITE if self._waiting else READ
        self._loop.watch(self._connection.fileno(), events, self._readable)
        if not self.congested:
            callbacks, self.when_free = self.when_free, []
            for callback in callbacks:
                callback()
