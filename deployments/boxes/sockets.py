"""Descriptors a box hands out: taken one at a time, and only if they are what was asked for."""

import asyncio
import socket
import stat
from collections.abc import Callable
from os import close, fstat
from typing import Any

from deployments.boxes.inside.frames import BadFrame

DESCRIPTORS = 8  # more than one are refused, and have to be taken to be closed
MOST_NAME = 64
NOW = socket.MSG_DONTWAIT


class BoxSocket(socket.socket):
    """A socket whose other holder, in the box, could make it blocking at any time: it never blocks all the same."""

    def send(self, data: Any, flags: int = 0, /) -> int:
        """See socket."""
        return super().send(data, flags | NOW)

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        """See socket."""
        return super().recv(size, flags | NOW)

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """See socket."""
        return super().recv_into(buffer, nbytes, flags | NOW)

    def sendmsg(self, buffers: Any, ancillary: Any = (), flags: int = 0, *rest: Any) -> int:
        """See socket."""
        return super().sendmsg(buffers, ancillary, flags | NOW, *rest)


class Handed:
    """Reads what the agent hands out. `came` is given each socket with its name; `bad` a reason to end the box."""

    def __init__(
        self, end: socket.socket, came: Callable[[str, Any], None], bad: Callable[[str], None]
    ) -> None:
        self._end, self._came, self._bad = end, came, bad
        end.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._readable)

    def close(self) -> None:
        """Take no more."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end.fileno())
            self._end.close()

    def _readable(self) -> None:
        try:
            name, descriptors, flags, _ = socket.recv_fds(self._end, MOST_NAME, DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if not name and not descriptors:  # the agent is gone; the line tells
            self.close()
            return
        try:
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise BadFrame("It handed out more than it may.")
            self._came(name.decode("ascii", "replace"), taken(descriptors))
        except BadFrame as error:
            self._bad(str(error))


def taken(descriptors: list[int]) -> BoxSocket:
    """Return the one descriptor as the connected TCP socket it must be. Raise BadFrame, with all closed, if not."""
    try:
        if len(descriptors) != 1 or not stat.S_ISSOCK(fstat(descriptors[0]).st_mode):
            raise BadFrame("It handed out something that is not one socket.")
        end = BoxSocket(fileno=descriptors[0])
    except (BadFrame, OSError) as error:
        for descriptor in descriptors:
            close(descriptor)
        raise BadFrame("It handed out something that is not one socket.") from error
    try:
        if end.family not in {socket.AF_INET, socket.AF_INET6} or end.type != socket.SOCK_STREAM:
            raise BadFrame("It handed out a socket of another kind.")
        end.getpeername()
        end.setblocking(False)
    except (BadFrame, OSError) as error:
        end.close()
        raise BadFrame("It handed out a socket of another kind.") from error
    return end
