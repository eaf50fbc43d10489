"""Answers requests of a static site: GET and HEAD, conditions, ranges, compression, the site's own 404 page."""

import asyncio
import os
from http import HTTPStatus
from urllib.parse import quote

from deployments.hosting import pages
from deployments.hosting.conditions import OutOfRange, Part, accepted_encodings, is_known, part_of
from deployments.hosting.protection import Headers
from deployments.hosting.static_files import Asset, Elsewhere, StaticFiles
from deployments.hosting.wire import Scope, Send, answer, answer_page

CHUNK_BYTES = 256 * 1024
NOT_FOUND_PAGE = "/404.html"


class FileAnswers:
    """Answers out of one store of files."""

    def __init__(self, files: StaticFiles) -> None:
        self._files = files

    async def serve(
        self,
        scope: Scope,
        send: Send,
        *,
        folder: str,
        prefix: str,
        path: str,
        protection: Headers,
        one_page: bool = False,
    ) -> int:
        """Answer one request; return the bytes sent. `one_page`: unknown paths get the first page."""
        head = scope["method"] == "HEAD"
        if scope["method"] not in {"GET", "HEAD"}:
            return await self._only_read(scope, send, protection)
        found = await self._find(folder, path)
        if isinstance(found, Elsewhere):
            location = quote(f"{prefix.rstrip('/')}{path}/", safe="/:@!$&'()*+,;=~.-_")
            query = scope["query_string"].decode("latin-1")
            headers = [
                (b"location", f"{location}{'?' if query else ''}{query}".encode("latin-1")),
                (b"content-length", b"0"),
            ]
            return await answer(send, HTTPStatus.PERMANENT_REDIRECT, [*headers, *protection])
        if found:
            return await _send_asset(scope, send, found, protection)
        return await self._not_found(
            send, folder, protection, head=head, one_page=one_page and "." not in path
        )

    async def _find(self, folder: str, path: str) -> Asset | Elsewhere | None:
        is_known_already, found = self._files.known(folder, path)
        if not is_known_already:
            found = await asyncio.to_thread(self._files.find, folder, path)
            self._files.keep(folder, path, found)
        return found

    async def _not_found(
        self, send: Send, folder: str, protection: Headers, *, head: bool, one_page: bool
    ) -> int:
        own = await self._find(folder, "/" if one_page else NOT_FOUND_PAGE)
        if not isinstance(own, Asset) or own.body is None:
            return await answer_page(send, pages.NO_FILE, protection, head=head)
        headers = [
            (b"content-type", own.content_type),
            (b"content-length", str(own.size).encode()),
            (b"cache-control", own.caching),
            *protection,
        ]
        status = HTTPStatus.OK if one_page else HTTPStatus.NOT_FOUND
        return await answer(send, status, headers, b"" if head else own.body)

    async def _only_read(self, scope: Scope, send: Send, protection: Headers) -> int:
        allowed = [(b"allow", b"GET, HEAD, OPTIONS"), *protection]
        if scope["method"] == "OPTIONS":
            return await answer(send, HTTPStatus.NO_CONTENT, allowed)
        return await answer_page(send, pages.BAD_METHOD, allowed)


async def _send_asset(scope: Scope, send: Send, asset: Asset, protection: Headers) -> int:
    sent = dict(scope["headers"])
    headers: Headers = [
        (b"etag", asset.etag),
        (b"last-modified", asset.last_modified),
        (b"cache-control", asset.caching),
        (b"vary", b"accept-encoding"),
        *protection,
    ]
    if is_known(sent, etag=asset.etag, modified=asset.modified):
        return await answer(send, HTTPStatus.NOT_MODIFIED, headers)
    headers += [(b"content-type", asset.content_type), (b"accept-ranges", b"bytes")]
    if b"range" not in sent and (coded := _coded(asset, sent.get(b"accept-encoding", b""))):
        return await _send_coded(scope, send, coded, headers)
    try:
        part = part_of(sent, etag=asset.etag, modified=asset.modified, size=asset.size)
    except OutOfRange:
        refused = [(b"content-range", f"bytes */{asset.size}".encode()), (b"content-length", b"0"), *headers]
        return await answer(send, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, refused)
    return await _send_part(scope, send, asset, part, headers)


def _coded(asset: Asset, accept: bytes) -> tuple[bytes, bytes | str] | None:
    """Return a coding and the body in it (or the file that holds it)."""
    if not accept or not (asset.siblings or asset.packed):
        return None
    taken = accepted_encodings(accept)
    for name, path in asset.siblings:
        if name in taken:
            return name.encode(), path
    return (b"gzip", asset.packed) if asset.packed is not None and "gzip" in taken else None


async def _send_coded(scope: Scope, send: Send, coded: tuple[bytes, bytes | str], headers: Headers) -> int:
    name, body = coded
    size = len(body) if isinstance(body, bytes) else os.stat(body).st_size  # noqa: PTH116
    # Another representation needs another tag: a range of it must never be mixed with one of the plain file.
    tagged = [(key, value[:-1] + b"-" + name + b'"' if key == b"etag" else value) for key, value in headers]
    tagged += [(b"content-encoding", name), (b"content-length", str(size).encode())]
    if scope["method"] == "HEAD" or isinstance(body, bytes):
        return await answer(send, HTTPStatus.OK, tagged, b"" if scope["method"] == "HEAD" else bytes(body))  # type: ignore[arg-type]
    await send({"type": "http.response.start", "status": 200, "headers": tagged})
    return await _stream(send, body, 0, size)


async def _send_part(scope: Scope, send: Send, asset: Asset, part: Part | None, headers: Headers) -> int:
    first, length = (part.first, part.last - part.first + 1) if part else (0, asset.size)
    status = HTTPStatus.PARTIAL_CONTENT if part else HTTPStatus.OK
    headers.append((b"content-length", str(length).encode()))
    if part:
        headers.append((b"content-range", f"bytes {part.first}-{part.last}/{asset.size}".encode()))
    if scope["method"] == "HEAD":
        return await answer(send, status, headers)
    if asset.body is not None:
        return await answer(send, status, headers, asset.body[first : first + length])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    return await _stream(send, asset.path, first, length)


async def _stream(send: Send, path: str, first: int, length: int) -> int:
    """Send a part of a file in pieces; the server waits for a slow client, so memory stays small."""
    left = length
    with open(path, "rb") as file:  # noqa: ASYNC230, PTH123  (opening is quick; reading is not done here)
        file.seek(first)
        while left:
            chunk = await asyncio.to_thread(file.read, min(CHUNK_BYTES, left))
            if not chunk:
                break
            left -= len(chunk)
            await send({"type": "http.response.body", "body": chunk, "more_body": left > 0})
    return length - left
