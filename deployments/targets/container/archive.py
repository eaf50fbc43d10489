"""What is downloaded: the written files and the release's own, as a tar that is the same every time."""

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from deployments.targets.container.blueprint import Blueprint
from deployments.targets.contract import Bundle

MEDIA_TYPE: Final = "application/gzip"
_GZIP: Final = 16 + zlib.MAX_WBITS
_PLAIN, _RUN = 0o644, 0o755


@dataclass(frozen=True, slots=True)
class Written:
    """What `apply` made, and where it comes from."""

    blueprint: Blueprint
    files: Mapping[str, str]
    bundle: Bundle

    @property
    def folder(self) -> str:
        """The one folder that the archive holds."""
        return f"{self.blueprint.name}-{self.blueprint.release}"

    @property
    def digest(self) -> str:
        """SHA-256 over the written files and the release's checksum: it stays, however an archive is packed."""
        sums = {path: hashlib.sha256(text.encode()).hexdigest() for path, text in self.files.items()}
        whole = json.dumps({"release": self.blueprint.checksum, "files": sums}, sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()

    def chunks(self) -> Iterator[bytes]:
        """Yield the archive, .tar.gz, without holding it."""
        packer = zlib.compressobj(wbits=_GZIP)  # writes neither a name nor a time
        for block in self._blocks():
            yield packer.compress(block)
        yield packer.flush()

    def _blocks(self) -> Iterator[bytes]:
        for path, text in self.files.items():
            yield from _member(f"{self.folder}/{path}", text.encode(), _PLAIN)
        if self.blueprint.builds:
            for path, content, mode in _members(self.bundle):
                yield from _member(f"{self.folder}/app/{path}", content, mode)
        yield tarfile.NUL * (2 * tarfile.BLOCKSIZE)


def _member(path: str, content: bytes, mode: int) -> Iterator[bytes]:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    yield entry.tobuf(tarfile.PAX_FORMAT)
    yield content
    yield tarfile.NUL * (-len(content) % tarfile.BLOCKSIZE)


def _members(bundle: Bundle) -> Iterator[tuple[str, bytes, int]]:
    with tarfile.open(fileobj=cast("Any", _Stream(bundle.tar())), mode="r|") as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            if content is not None:
                yield entry.name, content.read(), _RUN if entry.mode & 0o100 else _PLAIN


class _Stream:
    """Chunks as a file that is read once, from its beginning to its end."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return up to this many bytes, none at the end."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        part, self._rest = self._rest[:size], self._rest[size:]
        return part
