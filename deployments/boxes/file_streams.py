"""What comes out of a box's files bit by bit: their content, and changes to them."""

import asyncio
from collections import deque
from typing import Any, Self

from deployments.boxes import checks
from deployments.boxes.conversation import Conversation
from deployments.boxes.entries import FileChange
from deployments.boxes.errors import BoxGone, Ending
from deployments.boxes.inside.frames import BadFrame

CHANGES = frozenset({"create", "write", "remove", "rename", "chmod"})
MOST_CHANGES = 10_000


class Reading:
    """A file on its way out; opened when the first piece is wanted."""

    def __init__(self, conversation: Conversation, path: str) -> None:
        self._conversation, self._path = conversation, path
        self._handle: int | None = None
        self._done = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next piece."""
        if self._done:
            raise StopAsyncIteration
        try:
            if self._handle is None:
                self._handle = self._conversation.handle(silent)
                await self._conversation.ask("open_read", _anything, path=self._path, of=self._handle)
            piece = await self._conversation.ask("read", _content, of=self._handle)
        except BaseException:
            await self.aclose()
            raise
        if not piece:
            await self.aclose()
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        """Read no more."""
        self._done = True
        if self._handle is not None:
            self._conversation.tell("close_read", of=self._handle)
            self._conversation.drop(self._handle)
            self._handle = None


class Watching:
    """Changes as they come; what is not read in time is forgotten beyond the first ten thousand."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._waiting: deque[FileChange] = deque()
        self._some = asyncio.Event()
        self._closed = False
        self._gone: Ending | None = None
        self.handle = conversation.handle(self._hear)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FileChange:
        """Return the next change. Raise BoxGone when the box ended."""
        while not self._waiting:
            if self._gone is not None:
                raise BoxGone(self._gone)
            if self._closed:
                raise StopAsyncIteration
            self._some.clear()
            await self._some.wait()
        return self._waiting.popleft()

    async def aclose(self) -> None:
        """Watch no more."""
        if not self._closed:
            self._closed = True
            self._waiting.clear()
            self._some.set()
            self._conversation.tell("unwatch", of=self.handle)
            self._conversation.drop(self.handle)

    def _hear(self, header: dict[str, Any], data: bytes) -> None:
        if header.get("event") == "gone":
            self._gone = self._conversation.ending
        for change in checks.rows(header.get("changes", [])):
            if not isinstance(change, list) or len(change) != 2 or change[0] not in CHANGES:  # noqa: PLR2004
                raise BadFrame("A change of no kind.")
            if len(self._waiting) < MOST_CHANGES:
                self._waiting.append(FileChange(change[0], checks.text(change[1])))
        self._some.set()


def silent(header: dict[str, Any], data: bytes) -> None:
    """Hear a handle that tells nothing."""
    if header.get("event") != "gone":
        raise BadFrame("A file tells something.")


def _anything(value: Any, data: bytes) -> None:
    checks.fields(value)


def _content(value: Any, data: bytes) -> bytes:
    return data
