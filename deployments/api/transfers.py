"""Bodies that are bytes: taken in as files, and archives sent in the form that is asked for."""

import re
from collections.abc import Iterable
from contextlib import closing
from typing import Any, BinaryIO, cast

from django.http import StreamingHttpResponse
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from deployments.archives import Packed
from deployments.downloads import MEDIA_TYPES, PIECE, WAYS, packed_response, spooled
from miosa.http.problem import BadParameter, Problem

MOST_UPLOAD = 64 * 1024 * 1024
UPLOADED = re.compile(r"/api/v1/projects/[0-9a-f-]{36}/(archive|files/content)")  # what may be so large


class RawBody(BaseParser):
    """Takes a body of any type as a file that can be read again; larger ones lie on disk."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        kept = spooled()
        size = 0
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > MOST_UPLOAD:
                kept.close()
                raise Problem(f"The body is larger than {MOST_UPLOAD:,} bytes.", status=413)
            kept.write(piece)
        kept.seek(0)
        return kept


def sent_file(request: Request) -> BinaryIO:
    """Return the body of a request whose parser is RawBody; an empty one where none was sent."""
    data = request.data
    return cast("BinaryIO", data) if hasattr(data, "read") else spooled()


def sent_bytes(request: Request, most: int) -> bytes:
    """Return the body as a whole. Raises Problem for more than `most` bytes."""
    with closing(sent_file(request)) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise Problem(f"The body is larger than {most:,} bytes.", status=413)
    return content


def archive_response(request: Request, files: Iterable[Packed], *, name: str) -> StreamingHttpResponse:
    """Answer with the files as `?format=` asks: zip, tar or tar.gz. The bytes are read inside the tenant."""
    format_ = request.query_params.get("format", "zip")
    if format_ not in MEDIA_TYPES:
        raise BadParameter(f"format is one of {', '.join(MEDIA_TYPES)}.", parameter="format")
    return packed_response(WAYS[format_](files), name=f"{name}.{format_}", media_type=MEDIA_TYPES[format_])
