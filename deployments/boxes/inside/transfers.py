"""Files on their way in and out, piece by piece; what is written appears whole or not at all."""

import errno
import os
import stat
from dataclasses import dataclass
from typing import Any

from .entries import HIDDEN, entry

MOST_OPEN = 64
PIECE = 256 * 1024


@dataclass
class Coming:
    """A file being written beside its place."""

    descriptor: int
    part: str
    path: str
    mode: int | None


class Transfers:
    """Open ones by the host's handle."""

    def __init__(self) -> None:
        self._reading: dict[int, int] = {}
        self._writing: dict[int, Coming] = {}
        self.new: dict[str, bool] = {}  # places just written, for whoever watches: was nothing there before

    def open_read(self, asked: dict[str, Any], _: bytes) -> dict[str, int]:
        """Only plain files: opening a pipe or device could wait, or do something."""
        self._room()
        descriptor = os.open(asked["path"], os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            raise OSError(errno.EISDIR, "a folder" if stat.S_ISDIR(mode) else "not a plain file")
        self._reading[asked["of"]] = descriptor
        return {"size": os.fstat(descriptor).st_size}

    def read(self, asked: dict[str, Any], _: bytes) -> bytes:
        """The next piece; empty at the end."""
        return os.read(self._reading[asked["of"]], PIECE)

    def close_read(self, asked: dict[str, Any], _: bytes) -> None:
        """Enough was read."""
        if (descriptor := self._reading.pop(asked["of"], None)) is not None:
            os.close(descriptor)

    def open_write(self, asked: dict[str, Any], _: bytes) -> None:
        """Begin a file; links are followed, so that what they lead to is replaced and not they."""
        self._room()
        path = os.path.realpath(asked["path"])
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, "a folder")
        if os.path.exists(path) and not os.path.isfile(path):
            raise OSError(errno.EISDIR, "not a plain file")
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(errno.ENOTDIR, "a file is in the way") from error
        if os.path.exists(path) and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, "it is not ours to write")
        part = os.path.join(os.path.dirname(path), f"{HIDDEN}{os.urandom(6).hex()}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        self._writing[asked["of"]] = Coming(descriptor, part, path, asked.get("mode"))

    def write(self, asked: dict[str, Any], data: bytes) -> None:
        """One more piece."""
        coming, left = self._writing[asked["of"]], memoryview(data)
        while left:
            left = left[os.write(coming.descriptor, left) :]

    def commit(self, asked: dict[str, Any], _: bytes) -> dict[str, Any]:
        """All came: put it in its place."""
        coming = self._writing.pop(asked["of"])
        try:
            before = _mode_of(coming.path)
            if (mode := coming.mode if coming.mode is not None else before) is not None:
                os.fchmod(coming.descriptor, mode)
            self.new[coming.path] = before is None
            os.rename(coming.part, coming.path)
        except OSError:
            os.unlink(coming.part)
            raise
        finally:
            os.close(coming.descriptor)
        return entry(coming.path)

    def abandon(self, asked: dict[str, Any], _: bytes) -> None:
        """Nothing more comes: as if nothing had."""
        if coming := self._writing.pop(asked["of"], None):
            os.close(coming.descriptor)
            os.unlink(coming.part)

    def _room(self) -> None:
        if len(self._reading) + len(self._writing) >= MOST_OPEN:
            raise OSError(errno.EMFILE, "too many files are open through the box's door")


def _mode_of(path: str) -> int | None:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return None
