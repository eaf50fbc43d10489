"""The files of a box as seen through its door: what a listing tells, what a watch reports, what can be done."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Protocol

from deployments.boxes.stream import Stream


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One entry; a link is told as what it leads to, with `target` set. `kind`: file, folder, link (dangling), other."""

    name: str
    path: str
    kind: str
    size: int
    mode: int  # permission bits
    owner: str
    group: str
    modified_s: float
    target: str | None = None


@dataclass(frozen=True, slots=True)
class FileChange:
    """`kind`: create, write, remove, rename, chmod. `name` is relative to the watched folder."""

    kind: str
    name: str


class Files(Protocol):
    """The files of a box, seen and touched by its own user from inside."""

    async def stat(self, path: str) -> FileInfo:
        """NotFound."""

    async def list(self, path: str, *, depth: int = 1) -> list[FileInfo]:
        """Entries below a folder, by path. Links are not followed. NotFound, WrongKind; at most 20,000 entries."""

    def read(self, path: str) -> Stream[bytes]:
        """Chunks of a file. NotFound, WrongKind (folders, devices, pipes and sockets are never opened), NotAllowed."""

    async def read_all(self, path: str, *, most: int = 64 * 1024 * 1024) -> bytes:
        """The whole file. DiskFull when it is larger than `most`."""

    async def write(
        self, path: str, data: bytes | AsyncIterable[bytes], *, mode: int | None = None
    ) -> FileInfo:
        """Make or replace a file, whole or not at all; parents are made. WrongKind, NotAllowed, DiskFull."""

    async def make_dir(self, path: str) -> bool:
        """Make a folder and its parents; False when it was there. WrongKind when a file is in the way."""

    async def move(self, source: str, target: str) -> FileInfo:
        """Rename; the target's parents are made, a file there is replaced. NotFound, AlreadyThere, NotAllowed."""

    async def remove(self, path: str) -> None:
        """Remove a file, link, or folder with all in it. NotFound, NotAllowed."""

    async def watch(self, path: str, *, recursive: bool = False) -> Stream[FileChange]:
        """Changes below a folder from now on; it has begun when this returns. NotFound, WrongKind."""
