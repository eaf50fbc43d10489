"""Files of a release by the path of a request: found inside its folder only, and kept in memory while they are small."""

import functools
import gzip
import hashlib
import mimetypes
import os
import re
from collections import OrderedDict
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

SMALL_BYTES = 256 * 1024
MEMORY_BYTES = 64 * 1024 * 1024
GAIN_FROM = 1_024  # smaller texts are not worth compressing
TEXT = re.compile(
    r"text/|application/(?:javascript|json|xml|manifest\+json|wasm)|image/svg\+xml|\S+\+(?:json|xml)"
)
FINGERPRINT = re.compile(r"[.-][0-9A-Za-z_]*[0-9][0-9A-Za-z_]{7,}\.[a-z0-9]+$|[.-][0-9a-f]{8,}\.")
FOREVER, ASK_AGAIN = b"public, max-age=31536000, immutable", b"no-cache"
PACKED = {"br": ".br", "gzip": ".gz"}  # beside the file, made by the site's build; the first is preferred
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".map": "application/json", ".webmanifest": "application/manifest+json", ".md": "text/markdown", ".wasm": "application/wasm", ".woff2": "font/woff2", ".avif": "image/avif", ".webp": "image/webp"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is answered. `body` is None where it is too large to keep; `packed` is its gzip, if that is smaller."""

    path: str
    size: int
    etag: bytes
    modified: float
    content_type: bytes
    caching: bytes
    body: bytes | None
    packed: bytes | None
    last_modified: bytes
    siblings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The folder's page has its own address, with a slash at the end."""


class StaticFiles:
    """All releases' files. Releases never change, so what was read stays right until it is forgotten."""

    def __init__(self, memory_bytes: int = MEMORY_BYTES) -> None:
        self._room, self._used = memory_bytes, 0
        self._kept: OrderedDict[tuple[str, str], Asset | Elsewhere | None] = OrderedDict()

    def known(self, folder: str, path: str) -> tuple[bool, Asset | Elsewhere | None]:
        """Say whether this was looked for already, and what was found."""
        key = (folder, path)
        if key not in self._kept:
            return False, None
        self._kept.move_to_end(key)
        return True, self._kept[key]

    def find(self, folder: str, path: str) -> Asset | Elsewhere | None:
        """Look on the disk; blocks. `path` is decoded and starts with a slash."""
        return look(folder, path)

    def keep(self, folder: str, path: str, found: Asset | Elsewhere | None) -> None:
        """Remember what was found, forgetting what nobody asked for longest."""
        if (folder, path) not in self._kept:
            self._kept[folder, path] = found
            self._used += _weight(found)
        while self._used > self._room:
            _, old = self._kept.popitem(last=False)
            self._used -= _weight(old)

    def forget_below(self, folder: str) -> None:
        """Forget the files of a folder that is removed."""
        for key in [key for key in self._kept if key[0] == folder or key[0].startswith(f"{folder}/")]:
            self._used -= _weight(self._kept.pop(key))


def look(folder: str, path: str) -> Asset | Elsewhere | None:
    """Find the file a path means: itself, the page of a folder, or the page without its `.html`."""
    parts = path.split("/")[1:]
    if (
        not path.startswith("/")
        or ".." in parts
        or "." in parts
        or "\0" in path
        or "\\" in path
        or "" in parts[:-1]
    ):
        return None
    wanted = os.path.join(folder, *parts)
    if parts[-1] == "":
        return _asset(folder, os.path.join(wanted, "index.html"))
    if found := _asset(folder, wanted):
        return found
    if _asset(folder, os.path.join(wanted, "index.html")):
        return Elsewhere()
    return _asset(folder, f"{wanted}.html")


def _asset(folder: str, path: str) -> Asset | None:
    # A link anywhere on the way, also one whose end lies inside, is not followed.
    if os.path.realpath(path) != path or not path.startswith(f"{folder}/") or not os.path.isfile(path):
        return None
    status = os.stat(path)
    body = Path(path).read_bytes() if status.st_size <= SMALL_BYTES else None
    kind = content_type(path)
    told = (
        hashlib.sha256(body).hexdigest()[:32]
        if body is not None
        else f"{status.st_size:x}-{status.st_mtime_ns:x}"
    )
    return Asset(
        path=path,
        size=status.st_size,
        etag=f'"{told}"'.encode(),
        modified=float(int(status.st_mtime)),
        content_type=kind.encode(),
        caching=FOREVER
        if FINGERPRINT.search(os.path.basename(path)) and not kind.startswith("text/html")
        else ASK_AGAIN,
        body=body,
        packed=_packed(body, kind),
        last_modified=formatdate(status.st_mtime, usegmt=True).encode(),
        siblings=tuple(
            (name, path + end)
            for name, end in PACKED.items()
            if os.path.isfile(path + end) and not os.path.islink(path + end)
        ),
    )


@functools.cache
def _guess(end: str) -> str:
    return TYPES.get(end) or mimetypes.types_map.get(end) or "application/octet-stream"


def content_type(path: str) -> str:
    """Return the media type by the name's end; texts are UTF-8."""
    kind = _guess(os.path.splitext(path)[1].lower())
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == "image/svg+xml" else kind


def _packed(body: bytes | None, kind: str) -> bytes | None:
    if body is None or len(body) < GAIN_FROM or not TEXT.match(kind):
        return None
    packed = gzip.compress(body, 6, mtime=0)
    return packed if len(packed) < len(body) * 0.9 else None


def _weight(found: Asset | Elsewhere | None) -> int:
    if not isinstance(found, Asset):
        return 200
    return 600 + len(found.body or b"") + len(found.packed or b"")
