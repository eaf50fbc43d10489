"""The files route: a box's files are read and written as plain HTTP, streamed both ways."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from deployments.boxes.errors import BoxError
from deployments.sandboxes.server.box_errors import refusal
from deployments.sandboxes.server.entrance import room_of
from deployments.sandboxes.server.places import ONE_USER, is_ours, place
from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.rooms import Room
from deployments.sandboxes.server.uploads import Upload, parts, plain

GZIP_LEVEL, GZIP_FORMAT = 1, 31  # fast; zlib's number for a gzip header
METADATA = "x-metadata-"


async def read(request: Request) -> Response:
    """Send one file; packed where the caller asks for gzip and nothing else."""
    room, path = room_of(request.scope), place(_path(request))
    chunks = room.box.files.read(path)
    try:
        first = await anext(chunks, b"")  # a refusal comes before the first byte, or not at all
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    body = _from_first(first, chunks)
    name = quote(PurePosixPath(path).name)
    headers = {"Content-Disposition": f"inline; filename*=UTF-8''{name}", "Vary": "Accept-Encoding"}
    if request.headers.get("accept-encoding", "").strip() == "gzip":
        return StreamingResponse(
            _packed(body),
            media_type="application/octet-stream",
            headers=headers | {"Content-Encoding": "gzip"},
        )
    return StreamingResponse(body, media_type="application/octet-stream", headers=headers)


async def write(request: Request) -> Response:
    """Write one file from the body itself, or each file of a form; a file is there whole or not at all."""
    room = room_of(request.scope)
    if any(name.startswith(METADATA) for name in request.headers):
        raise Refusal(400, "File metadata is not supported by this sandbox server.")
    given = request.query_params.get("path", "")
    if not is_ours(request.query_params.get("username", "")):
        raise Refusal(401, ONE_USER)
    kind = request.headers.get("content-type", "")
    try:
        if kind.partition(";")[0].strip() == "multipart/form-data":
            return JSONResponse(
                [await _write(room, given or part.name, part) async for part in parts(request)]
            )
        if not given:
            raise Refusal(400, "`path` says where the file is to be written.")
        return JSONResponse([await _write(room, given, Upload("", plain(request)))])
    except ClientDisconnect as error:
        raise Refusal(499, "The upload was not finished.") from error


async def _write(room: Room, path: str, upload: Upload) -> dict[str, Any]:
    if not path:
        raise Refusal(400, "A part of the form has no file name.")
    try:
        info = await room.box.files.write(place(path), upload.chunks)
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    return {"name": info.name, "type": "file", "path": info.path}


def _path(request: Request) -> str:
    path = request.query_params.get("path", "")
    if not path:
        raise Refusal(400, "`path` names the file.")
    if not is_ours(request.query_params.get("username", "")):
        raise Refusal(401, ONE_USER)
    return path


async def _from_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield first
        async for chunk in rest:
            yield chunk
    finally:
        if close := getattr(rest, "aclose", None):
            await close()


async def _packed(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, GZIP_FORMAT)
    async for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
