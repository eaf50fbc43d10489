"""Watchers that are asked instead of listened to: changes are gathered for them, so many and no more."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b.envd.filesystem import filesystem_pb as wire

from deployments.boxes.contract import Box, FileChange
from deployments.boxes.errors import BoxError
from deployments.sandboxes.server.file_entries import changed
from deployments.sandboxes.server.rooms import Room

MOST_CHANGES = 10_000  # of one watcher; the oldest are forgotten
MOST_WATCHERS = 64  # of one box
KEPT_AS = "watchers"


class Watcher:
    """Gathers the changes of one folder until it is stopped or the box ends."""

    def __init__(
        self, box: Box, folder: str, changes: AsyncIterator[FileChange], *, with_entry: bool
    ) -> None:
        self._box = box
        self._folder = folder
        self._with_entry = with_entry
        self._changes = changes
        self._gathered: deque[FileChange] = deque(maxlen=MOST_CHANGES)
        self._task = asyncio.get_running_loop().create_task(self._gather())

    async def taken(self) -> list[wire.FilesystemEvent]:
        """Return what was gathered since the last time."""
        gathered, self._gathered = self._gathered, deque(maxlen=MOST_CHANGES)
        return [
            await changed(self._box, self._folder, change, with_entry=self._with_entry) for change in gathered
        ]

    async def stop(self) -> None:
        """Gather no more."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _gather(self) -> None:
        try:
            with suppress(BoxError):  # the box ended
                async for change in self._changes:
                    self._gathered.append(change)
        finally:
            if close := getattr(self._changes, "aclose", None):
                await close()


class Watchers:
    """The watchers of one box."""

    def __init__(self) -> None:
        self._watchers: dict[str, Watcher] = {}

    def keep(self, watcher: Watcher) -> str:
        """Return the name of a new watcher."""
        name = secrets.token_hex(8)
        self._watchers[name] = watcher
        return name

    def refuse_too_many(self) -> None:
        """Raise ConnectError where the box has all it may have."""
        if len(self._watchers) >= MOST_WATCHERS:
            raise ConnectError(Code.RESOURCE_EXHAUSTED, f"A sandbox has up to {MOST_WATCHERS} watchers.")

    def of(self, name: str) -> Watcher:
        """Return a watcher. Raise ConnectError."""
        if found := self._watchers.get(name):
            return found
        raise ConnectError(Code.NOT_FOUND, f"watcher {name[:64]!r} not found")

    async def remove(self, name: str) -> None:
        """Stop a watcher and forget it. Raise ConnectError."""
        await self.of(name).stop()
        del self._watchers[name]


def watchers_of(room: Room) -> Watchers:
    """Return the watchers of a box."""
    found: Watchers = room.extras.setdefault(KEPT_AS, Watchers())
    return found
