"""What was used, written down before the client hears of it: lines in a file of this process, read by the clerk.

A line is in the kernel's hands when `write` returns: it survives this process being killed, and whatever happens to
Valkey or PostgreSQL meanwhile. The owner of a file holds its lock for as long as it writes to it, so a file that is
not locked will never grow again.

Lines, each a JSON object with `kind`:
    begun   a call was sent to a provider: all that is needed to account for it if nothing more is heard
    ended   it is over: its attempts, with the tokens and what they cost
    opened  a block of money is about to be taken
    closed  a block of money is over: what of it was spent
    hit     an answer came from the cache: what that saved
    vectors texts were embedded: how many tokens
"""

import fcntl
import mmap
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

SUFFIX = ".jsonl"
ROTATE_BYTES = 8_000_000
ROOM_BYTES = 256 * 1024


class File:
    """One file; `open_calls` counts the calls that began in it and have not ended.

    It is mapped into memory, with room on the disk taken beforehand: a line costs no call of the kernel, and a disk
    that is full refuses room for a whole line instead of tearing one. What follows the last line is zeros.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.open_calls = 0
        self.size = 0
        self._descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._room = ROOM_BYTES
        os.posix_fallocate(self._descriptor, 0, self._room)
        self._map = mmap.mmap(self._descriptor, self._room)

    def write(self, line: bytes) -> None:
        """Append a line. Raises OSError, having written nothing, where the disk has no room."""
        end = self.size + len(line)
        if end > self._room:
            self._grow(end)
        self._map[self.size : end] = line
        self.size = end

    def close(self) -> None:
        """Let the clerk have it."""
        self._map.close()
        os.ftruncate(self._descriptor, self.size)
        os.close(self._descriptor)

    def _grow(self, needed: int) -> None:
        room = needed + ROOM_BYTES
        os.posix_fallocate(self._descriptor, self._room, room - self._room)
        self._map.resize(room)
        self._room = room


class Journal:
    """The files of one process, one after the other; used by one thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._writer, self._number = folder, uuid7().hex, 0
        self._old: list[File] = []
        self._file = self._next()

    def begun(self, line: Mapping[str, Any]) -> File:
        """Write that a call was sent; return the file in which its end is to be written."""
        file = self._file
        file.write(orjson.dumps({"kind": "begun", **line}) + b"\n")
        file.open_calls += 1
        return file

    def ended(self, file: File, line: Mapping[str, Any]) -> None:
        """Write how a call ended, where it began."""
        file.write(orjson.dumps({"kind": "ended", **line}) + b"\n")
        file.open_calls -= 1
        self._turn()

    def told(self, kind: str, line: Mapping[str, Any]) -> None:
        """Write what needs no end: an answer that was given again, texts that were embedded."""
        self._file.write(orjson.dumps({"kind": kind, **line}) + b"\n")

    def opened(self, reference: str, tenant_id: UUID) -> None:
        """Write that a block of money is about to be taken."""
        line = {"kind": "opened", "block": reference, "tenant": tenant_id}
        self._file.write(orjson.dumps(line) + b"\n")

    def closed(self, reference: str, tenant_id: UUID, spent_micros: int) -> None:
        """Write that a block of money is over."""
        line = {"kind": "closed", "block": reference, "tenant": tenant_id, "spent": spent_micros}
        self._file.write(orjson.dumps(line) + b"\n")

    def close(self) -> None:
        """Nothing more is written by this process."""
        for file in (*self._old, self._file):
            file.close()
        self._old.clear()

    def _turn(self) -> None:
        """Begin a new file where this one is full; close the old ones in which every call has ended."""
        if self._file.size > ROTATE_BYTES:
            self._old.append(self._file)
            self._file = self._next()
        for file in [old for old in self._old if not old.open_calls]:
            file.close()
            self._old.remove(file)

    def _next(self) -> File:
        self._number += 1
        return File(self._folder / f"{self._writer}-{self._number:06d}{SUFFIX}")
