"""The process service: programs are started in a box, listened to, written to and ended."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import suppress

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b.envd.process import process_pb as wire
from e2b.envd.process.process_connect import Process as ProcessService

from deployments.boxes.contract import Process, TerminalSize
from deployments.boxes.errors import BoxError, NotFound
from deployments.sandboxes.server.box_errors import connect_error, told
from deployments.sandboxes.server.calls import Context, keepalive_s, room_of_call
from deployments.sandboxes.server.messages import content_of
from deployments.sandboxes.server.places import place
from deployments.sandboxes.server.process_events import events
from deployments.sandboxes.server.rooms import Room, Rooms

AFTER_S = 0.25  # from the end of a call's time to the end of its program: the caller hears of the time, not of the kill


class Processes(ProcessService):
    """The SDK's generated service, over the boxes that are open."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._kills: set[asyncio.Task[None]] = set()

    async def start(
        self, request: wire.StartRequest, context: Context, /
    ) -> AsyncIterator[wire.StartResponse]:
        """Start a program and tell what it does. Its life is the call's time limit; a caller who leaves, leaves it running."""
        room = room_of_call(self._rooms, context)
        limit_s = _seconds(context.timeout_ms)
        process = await _started(room, request)
        end = self._end_in(process, None if limit_s is None else limit_s + AFTER_S)
        try:
            told_events = events(process, every_s=keepalive_s(context), deadline_s=limit_s)
            async for event in _closing(told_events, room):
                yield wire.StartResponse(event=event)
        finally:
            if end and process.ended:
                end.cancel()

    async def connect(
        self, request: wire.ConnectRequest, context: Context, /
    ) -> AsyncIterator[wire.ConnectResponse]:
        """Tell what a running program does from now on."""
        room = room_of_call(self._rooms, context)
        process = _found(room, request.process)
        deadline_s = _seconds(context.timeout_ms)
        told_events = events(process, every_s=keepalive_s(context), deadline_s=deadline_s)
        async for event in _closing(told_events, room):
            yield wire.ConnectResponse(event=event)

    async def list(self, _request: wire.ListRequest, context: Context, /) -> wire.ListResponse:
        """Tell what runs."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id):
            return wire.ListResponse(processes=[_shown(process) for process in room.box.processes()])

    async def update(self, request: wire.UpdateRequest, context: Context, /) -> wire.UpdateResponse:
        """Change the size of a terminal."""
        room = room_of_call(self._rooms, context)
        process = _found(room, request.process)
        if request.pty and request.pty.size:
            with told(room.sandbox_id):
                await process.resize(_size(request.pty))
        return wire.UpdateResponse()

    async def send_input(self, request: wire.SendInputRequest, context: Context, /) -> wire.SendInputResponse:
        """Write to a program."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id):
            await _found(room, request.process).write(_bytes(request.input))
        return wire.SendInputResponse()

    async def stream_input(
        self, request: AsyncIterator[wire.StreamInputRequest], context: Context, /
    ) -> wire.StreamInputResponse:
        """Write to a program as the input comes; the first message says to which."""
        room = room_of_call(self._rooms, context)
        process: Process | None = None
        async for message in request:
            kind, content = content_of(message.event)
            if kind == "start":
                process = _found(room, content.process)
            elif kind == "data":
                if process is None:
                    raise ConnectError(
                        Code.INVALID_ARGUMENT, "The first message of an input names the process."
                    )
                with told(room.sandbox_id):
                    await process.write(_bytes(content.input))
        return wire.StreamInputResponse()

    async def send_signal(
        self, request: wire.SendSignalRequest, context: Context, /
    ) -> wire.SendSignalResponse:
        """Ask a program to end, or kill it with all it started."""
        room = room_of_call(self._rooms, context)
        numbers = {wire.Signal.SIGTERM: signal.SIGTERM, wire.Signal.SIGKILL: signal.SIGKILL}
        number = numbers.get(request.signal)
        if number is None:
            raise ConnectError(Code.INVALID_ARGUMENT, "The signal is SIGTERM or SIGKILL.")
        with told(room.sandbox_id):
            await _found(room, request.process).signal(number)
        return wire.SendSignalResponse()

    async def close_stdin(
        self, request: wire.CloseStdinRequest, context: Context, /
    ) -> wire.CloseStdinResponse:
        """End a program's input."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id):
            await _found(room, request.process).close_stdin()
        return wire.CloseStdinResponse()

    def _end_in(self, process: Process, limit_s: float | None) -> asyncio.TimerHandle | None:
        """Have a program killed when its time is over, whether its caller still listens or not."""
        if limit_s is None:
            return None
        return asyncio.get_running_loop().call_later(max(0.0, limit_s), self._kill, process)

    def _kill(self, process: Process) -> None:
        if process.ended is None:
            task = asyncio.get_running_loop().create_task(_killed(process))
            self._kills.add(task)
            task.add_done_callback(self._kills.discard)


async def _started(room: Room, request: wire.StartRequest) -> Process:
    config = request.process or wire.ProcessConfig()
    cwd = place(config.cwd) if config.has_field("cwd") and config.cwd else ""
    try:
        return await room.box.start(
            [config.cmd, *config.args],
            cwd=cwd,
            environment=dict(config.envs),
            stdin=request.stdin if request.has_field("stdin") else True,
            tag=request.tag if request.has_field("tag") else "",
            terminal=_size(request.pty) if request.pty else None,
        )
    except NotFound as error:
        if cwd and await _is_missing(room, cwd):
            raise ConnectError(Code.INVALID_ARGUMENT, f"cwd '{cwd}' does not exist") from error
        raise connect_error(error, room.sandbox_id) from error
    except BoxError as error:
        raise connect_error(error, room.sandbox_id) from error


async def _killed(process: Process) -> None:
    with suppress(BoxError):  # it ended just now
        await process.signal(signal.SIGKILL)


async def _is_missing(room: Room, path: str) -> bool:
    with suppress(BoxError):
        await room.box.files.stat(path)
        return False
    return True


def _found(room: Room, selector: wire.ProcessSelector | None) -> Process:
    """Return the process a call means. Raise ConnectError."""
    kind, name = content_of(selector.selector if selector else None)
    with told(room.sandbox_id):
        if kind == "pid":
            return room.box.process(pid=name)
        if kind == "tag":
            return room.box.process(tag=name)
    raise ConnectError(Code.INVALID_ARGUMENT, "Name the process by its number or tag.")


async def _closing(
    told_events: AsyncIterator[wire.ProcessEvent], room: Room
) -> AsyncIterator[wire.ProcessEvent]:
    try:
        with told(room.sandbox_id):
            async for event in told_events:
                yield event
    finally:
        await told_events.aclose()  # type: ignore[attr-defined]  # an asynchronous generator


def _shown(process: Process) -> wire.ProcessInfo:
    info = process.info
    command, *arguments = info.argv or ("",)
    config = wire.ProcessConfig(
        cmd=command, args=arguments, envs=dict(info.environment), cwd=info.cwd or None
    )
    return wire.ProcessInfo(config=config, pid=info.pid, tag=info.tag or None)


def _bytes(given: wire.ProcessInput | None) -> bytes:
    """Return what is to be written; `stdin` and `pty` go the same way."""
    return bytes(content_of(given.input if given else None)[1] or b"")


def _size(pty: wire.PTY) -> TerminalSize:
    size = pty.size or wire.PTY.Size(cols=80, rows=24)
    return TerminalSize(columns=size.cols, rows=size.rows)


def _seconds(limit_ms: float | None) -> float | None:
    return None if limit_ms is None else limit_ms / 1000
