"""The code interpreter: cells run in kernels that keep their state, and tell line by line what they do."""

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from deployments.boxes.contract import CellCount, CellError, CellEvent, CellOutput, CellResult, Context
from deployments.boxes.errors import BoxError
from deployments.sandboxes.server.bodies import MIB, json_of
from deployments.sandboxes.server.box_errors import refusal
from deployments.sandboxes.server.entrance import room_of
from deployments.sandboxes.server.places import place
from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.rooms import Room

LARGEST_CELL = 16 * MIB
SHORT_NAMES = {"": "python", "python3": "python", "js": "javascript", "sh": "bash", "shell": "bash"}


async def execute(request: Request) -> Response:
    """Run one cell; the answer is a line of JSON for each thing it does, as it does it."""
    room = room_of(request.scope)
    body = await json_of(request, most=LARGEST_CELL)
    code, context = body.get("code"), body.get("context_id") or ""
    if not isinstance(code, str) or not isinstance(context, str):
        raise Refusal(400, "`code` is a text, `context_id` one of `/contexts`.")
    events = room.box.kernels.execute(
        code, context=context, language=_language(body), environment=_variables(body)
    )
    try:
        first = await anext(events, None)
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    return StreamingResponse(_lines(first, events), media_type="application/x-ndjson")


async def contexts(request: Request) -> Response:
    """List the kernels, or start one."""
    room = room_of(request.scope)
    if request.method == "GET":
        return JSONResponse([_shown(context) for context in room.box.kernels.list()])
    body = await json_of(request)
    cwd = body.get("cwd") or ""
    if not isinstance(cwd, str):
        raise Refusal(400, "`cwd` is a path.")
    try:
        made = await room.box.kernels.create(_language(body), cwd=place(cwd))
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    return JSONResponse(_shown(made), 201)


async def remove(request: Request) -> Response:
    """Stop a kernel."""
    room = room_of(request.scope)
    try:
        await room.box.kernels.remove(request.path_params["context_id"])
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    return Response(status_code=204)


async def restart(request: Request) -> Response:
    """Give a context a new kernel."""
    room = room_of(request.scope)
    return await _restarted(room, request.path_params["context_id"])


async def _restarted(room: Room, context_id: str) -> Response:
    try:
        await room.box.kernels.restart(context_id)
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    return Response(status_code=204)


async def _lines(first: CellEvent | None, rest: AsyncIterator[CellEvent]) -> AsyncIterator[bytes]:
    """Yield the lines. Who stops reading interrupts the cell."""
    try:
        if first is not None:
            yield _line(first)
        async for event in rest:
            yield _line(event)
    finally:
        if close := getattr(rest, "aclose", None):
            await close()


def _line(event: CellEvent) -> bytes:
    return (
        json.dumps(_members(event), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        + b"\n"
    )


def _members(event: CellEvent) -> dict[str, Any]:
    match event:
        case CellOutput(stream, text, timestamp_ns):
            return {"type": stream, "text": text, "timestamp": timestamp_ns}
        case CellResult(formats, is_main_result):
            return {**formats, "type": "result", "is_main_result": is_main_result}
        case CellError(name, value, traceback):
            return {"type": "error", "name": name, "value": value, "traceback": traceback}
        case CellCount(number):
            return {"type": "number_of_executions", "execution_count": number}


def _shown(context: Context) -> dict[str, str]:
    return {"id": context.id, "language": context.language, "cwd": context.cwd}


def _language(body: dict[str, Any]) -> str:
    name = body.get("language") or ""
    if not isinstance(name, str):
        raise Refusal(400, "`language` is a name.")
    return SHORT_NAMES.get(name.lower(), name.lower())


def _variables(body: dict[str, Any]) -> dict[str, str]:
    variables = body.get("env_vars") or {}
    if not isinstance(variables, dict) or not all(isinstance(text, str) for text in variables.values()):
        raise Refusal(400, "`env_vars` is an object whose values are texts.")
    return variables
