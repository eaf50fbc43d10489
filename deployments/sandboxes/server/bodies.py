"""Bodies that are held whole: JSON objects, so large and no larger."""

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from deployments.sandboxes.server.refusals import Refusal

MIB = 1024 * 1024
LARGEST = 1 * MIB


async def json_of(request: Request, *, most: int = LARGEST) -> dict[str, Any]:
    """Read a JSON object; an empty body is an empty one. Raise Refusal."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise Refusal(413, f"The body has more than {most // MIB} MiB.")
        read = json.loads(body) if body else {}
    except ClientDisconnect as error:
        raise Refusal(499, "The request was not finished.") from error
    except (ValueError, RecursionError) as error:  # broken JSON, broken UTF-8, or nested without end
        raise Refusal(400, "The body is not valid JSON.") from error
    if not isinstance(read, dict):
        raise Refusal(400, "The body is a JSON object.")
    return read
