"""Bodies of uploads as they come in: plain, packed with gzip, or a form with any number of files; never held whole."""

import zlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from deployments.sandboxes.server.refusals import Refusal

GZIP_FORMAT = 31  # zlib's number for a gzip header
UNPACKED_AT_ONCE = 1024 * 1024
BEGIN, HEADER, DATA, END = "begin", "header", "data", "end"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way in: the name its sender gave it, and its bytes as they come."""

    name: str
    chunks: AsyncIterator[bytes]


async def plain(request: Request) -> AsyncIterator[bytes]:
    """Yield the body, unpacked where it says that it is packed. Raise Refusal."""
    coding = request.headers.get("content-encoding", "identity")
    if coding not in {"gzip", "identity"}:
        raise Refusal(400, "The body of an upload is plain or packed with gzip.")
    unpacker = zlib.decompressobj(GZIP_FORMAT) if coding == "gzip" else None
    async for chunk in request.stream():
        if unpacker is None:
            yield chunk
            continue
        packed = chunk
        while packed:  # a small chunk may hold a mountain: it is unpacked piece by piece
            try:
                yield unpacker.decompress(packed, UNPACKED_AT_ONCE)
            except zlib.error as error:
                raise Refusal(400, "The body is not valid gzip.") from error
            packed = unpacker.unconsumed_tail
    if unpacker is not None and not unpacker.eof:
        raise Refusal(400, "The packed body ends too early.")


async def parts(request: Request) -> AsyncIterator[Upload]:
    """Yield the files of a form; the next one comes when this one's bytes were read. Raise Refusal."""
    form = _Form(request)
    while (kind := await form.next()) is not None:
        if kind[0] == HEADER:
            yield Upload(_file_name(kind[1]), form.bytes_of_part())
            await form.skip_part()


class _Form:
    """Turns the parser's calls into events that are pulled: nothing is read before it is asked for."""

    def __init__(self, request: Request) -> None:
        _, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if not boundary:
            raise Refusal(400, "The form names no boundary.")
        self._stream = plain(request)
        self._events: deque[tuple[str, bytes]] = deque()
        self._header = self._value = b""
        self._in_part = self._ended = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise Refusal(400, "The boundary of the form is too long.") from error

    def _callbacks(self) -> Any:
        return {
            "on_header_field": self._take_name,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": lambda: None,
            "on_part_data": self._take_data,
            "on_part_end": lambda: self._events.append((END, b"")),
            "on_end": self._end,
        }

    async def next(self) -> tuple[str, bytes] | None:
        """Return the next event, None at the end of the form."""
        while not self._events:
            if self._ended:
                return None
            chunk = await anext(self._stream, None)
            if chunk is None:
                raise Refusal(400, "The form ends too early.")
            try:
                self._parser.write(chunk)
            except FormParserError as error:
                raise Refusal(400, "The form cannot be read.") from error
        kind = self._events.popleft()
        self._in_part = kind[0] in {HEADER, DATA}
        return kind

    async def bytes_of_part(self) -> AsyncIterator[bytes]:
        """Yield the bytes of the part whose name was read last."""
        while (kind := await self.next()) is not None and kind[0] != END:
            if kind[0] == DATA:
                yield kind[1]

    async def skip_part(self) -> None:
        """Read what was left of a part."""
        while self._in_part:
            await self.next()

    def _take_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._events.append((HEADER, self._value))
        self._header = self._value = b""

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append((DATA, data[start:end]))

    def _end(self) -> None:
        self._ended = True


def _file_name(disposition: bytes) -> str:
    """Return the file name a sender gave a part, empty where there is none."""
    _, options = parse_options_header(disposition)
    name = options.get(b"filename", b"")
    try:
        return name.decode()
    except UnicodeDecodeError as error:
        raise Refusal(400, "A file name of the form is not valid UTF-8.") from error
