"""The files of a release as targets take them: read when they are needed, and checked by their names."""

from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from typing import Any

from deployments import contents
from deployments.archives import Packed, tar_of
from deployments.models import Release
from miosa.http.problem import NotFound


class ContentDamaged(Exception):  # noqa: N818  reads as what it says
    """What is stored is not what the release was made of; restore the database from a backup."""


class ReleaseBundle:
    """A release's files, in the order of their paths; used inside its tenant."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.checksum: str = release.checksum
        self.size_bytes: int = release.size_bytes

    def paths(self) -> Mapping[str, int]:
        """Return the size in bytes of each file by its path."""
        return {path: entry["size"] for path, entry in self._entries.items()}

    def executable(self, path: str) -> bool:
        """Tell whether a file may be run."""
        return bool(self._entry(path)["executable"])

    def read(self, path: str) -> bytes:
        """Return one file. Raises NotFound, ContentDamaged."""
        digest = self._entry(path)["digest"]
        content = contents.read(digest)
        if contents.digest_of(content) != digest:
            raise ContentDamaged(f"{path} of release {self._release.number} is stored with other bytes.")
        return content

    def tar(self) -> Iterator[bytes]:
        """Yield the files as an uncompressed tar archive, always the same bytes."""
        return tar_of(self.packed())

    def packed(self) -> list[Packed]:
        """Return the files as `archives` takes them."""
        return [
            Packed(path, entry["size"], entry["executable"], partial(self.read, path))
            for path, entry in self._entries.items()
        ]

    @cached_property
    def _entries(self) -> dict[str, dict[str, Any]]:
        return {entry["path"]: entry for entry in self._release.manifest}

    def _entry(self, path: str) -> dict[str, Any]:
        if (entry := self._entries.get(path)) is None:
            raise NotFound("There is no such file in this release.")
        return entry
