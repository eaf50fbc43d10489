"""Bytes that leave: files and archives, handed over so that no browser ever runs them."""

from collections.abc import Callable, Iterable, Mapping
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from urllib.parse import quote

from django.http import HttpResponse, StreamingHttpResponse

from deployments.archives import Packed, tar_of, zip_of
from deployments.archives.packing import gzipped

PIECE = 256 * 1024
IN_MEMORY = 1024 * 1024
MEDIA_TYPES = {"zip": "application/zip", "tar": "application/x-tar", "tar.gz": "application/gzip"}
Way = Callable[[Iterable[Packed]], Iterable[bytes]]
WAYS: dict[str, Way] = {"zip": zip_of, "tar": tar_of, "tar.gz": lambda files: gzipped(tar_of(files))}
# A file of a project is anybody's code: it is handed over to be kept, and never shown as a page of ours.
NEVER_RUN = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


def packed_response(pieces: Iterable[bytes], *, name: str, media_type: str) -> StreamingHttpResponse:
    """Answer with what is packed here and now: when the answer is on its way, the tenant is no longer entered."""
    kept = spooled()
    for piece in pieces:
        kept.write(piece)
    size = kept.tell()
    kept.seek(0)
    response = StreamingHttpResponse(iter(lambda: kept.read(PIECE), b""), content_type=media_type)
    response["Content-Length"] = str(size)
    return cast("StreamingHttpResponse", _kept_not_shown(response, name))


def file_response(path: str, content: bytes, *, headers: Mapping[str, str]) -> HttpResponse:
    """Answer with one file."""
    response = HttpResponse(content, content_type="application/octet-stream")
    for name, value in headers.items():
        response[name] = value
    return cast("HttpResponse", _kept_not_shown(response, path.rpartition("/")[2]))


def spooled() -> BinaryIO:
    """Return an empty file, in memory while it is small; it vanishes when nobody holds it."""
    return cast("BinaryIO", SpooledTemporaryFile(max_size=IN_MEMORY))


def _kept_not_shown(response: Any, name: str) -> Any:
    for header, value in NEVER_RUN.items():
        response[header] = value
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
