"""The files of a box, seen from outside; see `contract.Files`."""

from collections.abc import AsyncIterable, AsyncIterator
from posixpath import normpath
from typing import Any

from deployments.boxes import checks
from deployments.boxes.conversation import Conversation, nothing
from deployments.boxes.entries import FileInfo
from deployments.boxes.errors import BoxRefused, DiskFull
from deployments.boxes.file_streams import Reading, Watching, silent
from deployments.boxes.inside.frames import MOST_BYTES, BadFrame

KINDS = frozenset({"file", "folder", "link", "other"})
MOST_ENTRIES = 20_000
MOST_PATH = 4096

Entries = list[FileInfo]


class BoxFiles:
    """All of it is done by the agent, as the box's user; `user` is its number inside."""

    def __init__(self, conversation: Conversation, home: str, user: int) -> None:
        self._conversation, self._home = conversation, home
        self._names = {user: "user", 0: "root"}

    async def stat(self, path: str) -> FileInfo:
        """See the contract."""
        return await self._conversation.ask("stat", self._entry, path=self._place(path))

    async def list(self, path: str, *, depth: int = 1) -> Entries:
        """See the contract."""
        found: Entries = []

        def page(header: dict[str, Any], data: bytes) -> None:
            if header.get("event") == "page":
                found.extend(self._entries(header.get("entries"), data))
                if len(found) > MOST_ENTRIES:
                    raise BadFrame("A listing has no end.")

        handle = self._conversation.handle(page)
        try:
            found += await self._conversation.ask(
                "list", self._entries, path=self._place(path), depth=max(1, depth), of=handle
            )
        finally:
            self._conversation.drop(handle)
        return sorted(found, key=lambda one: one.path)

    def read(self, path: str) -> Reading:
        """See the contract."""
        return Reading(self._conversation, self._place(path))

    async def read_all(self, path: str, *, most: int = 64 * 1024 * 1024) -> bytes:
        """See the contract."""
        content, pieces = bytearray(), self.read(path)
        try:
            async for piece in pieces:
                content += piece
                if len(content) > most:
                    raise DiskFull(f"The file is larger than {most} bytes.")
        finally:
            await pieces.aclose()
        return bytes(content)

    async def write(
        self, path: str, data: bytes | AsyncIterable[bytes], *, mode: int | None = None
    ) -> FileInfo:
        """See the contract."""
        handle = self._conversation.handle(silent)
        try:
            await self._conversation.ask("open_write", nothing, path=self._place(path), mode=mode, of=handle)
            await self._fill(handle, data)
            return await self._conversation.ask("commit", self._entry, of=handle)
        except BaseException:
            self._conversation.tell("abandon", of=handle)
            raise
        finally:
            self._conversation.drop(handle)

    async def make_dir(self, path: str) -> bool:
        """See the contract."""
        return await self._conversation.ask("make_dir", _flag, path=self._place(path))

    async def move(self, source: str, target: str) -> FileInfo:
        """See the contract."""
        ends = self._place(source), self._place(target)
        return await self._conversation.ask("move", self._entry, path=ends[0], target=ends[1])

    async def remove(self, path: str) -> None:
        """See the contract."""
        await self._conversation.ask("remove", nothing, path=self._place(path))

    async def watch(self, path: str, *, recursive: bool = False) -> Watching:
        """See the contract."""
        watching = Watching(self._conversation)
        try:
            place = self._place(path)
            await self._conversation.ask(
                "watch", nothing, path=place, recursive=recursive, of=watching.handle
            )
        except BaseException:
            await watching.aclose()
            raise
        return watching

    async def _fill(self, handle: int, data: bytes | AsyncIterable[bytes]) -> None:
        async for whole in _whole(data) if isinstance(data, bytes) else data:
            for start in range(0, len(whole), MOST_BYTES):
                piece = bytes(whole[start : start + MOST_BYTES])
                await self._conversation.ask("write_file", nothing, piece, of=handle)

    def _place(self, path: str) -> str:
        """The path as the agent takes it."""
        if "\0" in path or len(path) > MOST_PATH:
            raise BoxRefused("A path is up to 4096 characters and has no NUL in it.")
        full = path if path.startswith("/") else f"{self._home}/{path}"
        return normpath(full)

    def _entries(self, value: Any, data: bytes) -> Entries:
        return [self._entry(one, b"") for one in checks.rows(value)]

    def _entry(self, value: Any, data: bytes) -> FileInfo:
        told = checks.fields(value)
        kind, target, modified = told.get("kind"), told.get("target"), told.get("modified_s")
        if kind not in KINDS or not isinstance(modified, int | float):
            raise BadFrame("An entry of no kind.")
        return FileInfo(
            name=checks.text(told.get("name")),
            path=checks.text(told.get("path")),
            kind=str(kind),
            size=checks.whole(told.get("size")),
            mode=checks.whole(told.get("mode")) & 0o7777,
            owner=self._name(told.get("uid")),
            group=self._name(told.get("gid")),
            modified_s=float(modified),
            target=None if target is None else checks.text(target),
        )

    def _name(self, number: Any) -> str:
        return self._names.get(checks.whole(number), str(number))


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _flag(value: Any, data: bytes) -> bool:
    if not isinstance(value, bool):
        raise BadFrame("Yes or no was expected.")
    return value
