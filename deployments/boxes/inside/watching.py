"""Tells of changes to files below a folder, by inotify."""

import os
import struct
from collections.abc import Iterator
from typing import Any

from .entries import HIDDEN
from .libc import inotify_add_watch, inotify_init
from .turning import CHUNK, READ, Line, Loop

MODIFY, ATTRIB, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x4, 0x40, 0x80, 0x100, 0x200
ONLYDIR, IGNORED, IS_DIR = 0x01000000, 0x8000, 0x40000000
MASK = MODIFY | ATTRIB | MOVED_FROM | MOVED_TO | CREATE | DELETE | ONLYDIR
KINDS = {
    MODIFY: "write",
    ATTRIB: "chmod",
    MOVED_FROM: "rename",
    MOVED_TO: "create",
    CREATE: "create",
    DELETE: "remove",
}
EVENT = struct.Struct("iIII")
MOST_WATCHES, MOST_FOLDERS = 32, 2_000

Change = tuple[str, str]


class Watch:
    """One watched folder, with those below it if asked."""

    def __init__(self, path: str, new: dict[str, bool], *, recursive: bool) -> None:
        self.path, self._new, self._recursive = path, new, recursive
        self.descriptor = inotify_init()
        self._folders: dict[int, str] = {}
        self._folders[inotify_add_watch(self.descriptor, path, MASK)] = ""
        if recursive:
            self._enter("")

    def changes(self) -> list[Change]:
        """Return what happened since, the same thing not twice in a row."""
        told: list[Change] = []
        try:
            data = os.read(self.descriptor, CHUNK)
        except BlockingIOError:
            return told
        start = 0
        while start < len(data):
            number, mask, _, length = EVENT.unpack_from(data, start)
            name = os.fsdecode(data[start + EVENT.size : start + EVENT.size + length].rstrip(b"\0"))
            start += EVENT.size + length
            told += [one for one in self._seen(number, mask, name) if told[-1:] != [one]]
        return told

    def _seen(self, number: int, mask: int, name: str) -> Iterator[Change]:
        folder = self._folders.get(number)
        if folder is None or mask & IGNORED:
            self._folders.pop(number, None)
            return
        if not name or name.startswith(HIDDEN):
            return
        relative = os.path.join(folder, name)
        written = self._new.pop(os.path.join(self.path, relative), None) if mask & MOVED_TO else None
        if written is not None:  # written through the door: the renaming is how, not what
            yield from [("create", relative)] * written
            yield "write", relative
            return
        yield from ((kind, relative) for bit, kind in KINDS.items() if mask & bit)
        if self._recursive and mask & IS_DIR and mask & (CREATE | MOVED_TO):
            yield from (("create", inner) for inner in self._enter(relative))

    def _enter(self, relative: str) -> list[str]:
        """Watch a folder and those in it; return what was in them already."""
        found: list[str] = []
        waiting = [relative]
        while waiting and len(self._folders) < MOST_FOLDERS:
            folder = waiting.pop()
            try:
                place = os.path.join(self.path, folder)
                self._folders[inotify_add_watch(self.descriptor, place, MASK)] = folder
                inside = sorted(os.scandir(place), key=lambda one: one.name)
            except OSError:  # it went away
                continue
            found += [os.path.join(folder, one.name) for one in inside]
            waiting += [os.path.join(folder, one.name) for one in inside if one.is_dir(follow_symlinks=False)]
        return found


class Watches:
    """All of them, by the host's handle."""

    def __init__(self, loop: Loop, line: Line, new: dict[str, bool]) -> None:
        self._loop, self._line, self._new = loop, line, new
        self._watches: dict[int, Watch] = {}

    def open(self, asked: dict[str, Any], _: bytes) -> None:
        """Begin to watch."""
        if len(self._watches) >= MOST_WATCHES:
            raise OSError(24, "too many watches are open")
        path = os.path.realpath(asked["path"])
        os.stat(path)
        watch = Watch(path, self._new, recursive=bool(asked.get("recursive")))
        self._watches[asked["of"]] = watch
        self._loop.watch(watch.descriptor, READ, lambda: self._tell(asked["of"], watch))

    def close(self, asked: dict[str, Any], _: bytes) -> None:
        """Watch no more."""
        if watch := self._watches.pop(asked["of"], None):
            self._loop.forget(watch.descriptor)
            os.close(watch.descriptor)

    def _tell(self, handle: int, watch: Watch) -> None:
        if changes := watch.changes():
            self._line.tell({"of": handle, "event": "changes", "changes": changes})
