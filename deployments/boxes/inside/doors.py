"""Sockets handed out of the box: connections to a port inside, and those of programs that want to call out."""

import errno
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from .programs import LATER
from .turning import READ, WRITE, Loop

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
BACKLOG = 64

Asked = tuple[int, str]  # the request, and the name its socket is handed out by


class Doors:
    """Passes descriptors through a socket of its own, each with the number it was asked for by."""

    def __init__(self, loop: Loop, out: socket.socket, answer: Callable[[int, Any], None]) -> None:
        self._loop, self._out, self._answer = loop, out, answer
        self._listener: socket.socket | None = None

    def connect(self, asked: dict[str, Any], _: bytes) -> object:
        """Connect to a port of the box's loopback; answered when the socket is on its way."""
        self._try((asked["id"], asked["door"]), asked["port"], list(LOOPBACKS))
        return LATER

    def listen(self, asked: dict[str, Any], _: bytes) -> None:
        """Take connections on a port and hand each of them out."""
        listener = socket.create_server(("127.0.0.1", asked["port"]), backlog=BACKLOG)
        listener.setblocking(False)
        self._listener = listener
        self._loop.watch(listener.fileno(), READ, partial(self._accept, listener))

    def _try(self, asked: Asked, port: int, places: list[tuple[socket.AddressFamily, str]]) -> None:
        family, address = places.pop(0)
        end = socket.socket(family, socket.SOCK_STREAM)
        end.setblocking(False)
        code = end.connect_ex((address, port))
        if code == errno.EINPROGRESS:
            self._loop.watch(end.fileno(), WRITE, partial(self._connected, asked, port, places, end))
        else:
            self._settle(asked, port, places, end, code)

    def _connected(self, asked: Asked, port: int, places: list, end: socket.socket) -> None:
        self._loop.forget(end.fileno())
        self._settle(asked, port, places, end, end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _settle(self, asked: Asked, port: int, places: list, end: socket.socket, code: int) -> None:
        with end:
            if not code:
                self._hand_out(asked, end)
                return
        if places:
            self._try(asked, port, places)
        else:
            self._answer(
                asked[0], OSError(errno.ENOENT, f"nobody listens on port {port}: {os.strerror(code)}")
            )

    def _hand_out(self, asked: Asked, end: socket.socket) -> None:
        number, door = asked
        try:
            socket.send_fds(self._out, [door.encode()], [end.fileno()])
        except OSError as error:
            self._answer(number, error)
        else:
            self._answer(number, None)

    def _accept(self, listener: socket.socket) -> None:
        try:
            end, _ = listener.accept()
        except OSError:
            return
        with end:
            try:
                socket.send_fds(self._out, [b"out"], [end.fileno()])
            except OSError:  # the host takes no more just now; closing tells the program
                return
