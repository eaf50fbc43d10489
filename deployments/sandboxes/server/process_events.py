"""What a program does, as the process service tells it: started, output, a sign of life, ended."""

from collections.abc import AsyncIterator

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b.envd.process import process_pb as wire

from deployments.boxes.contract import Ended, Output, Process
from deployments.sandboxes.server.messages import data_event, event_of_process
from deployments.sandboxes.server.quiet import DeadlineOver, with_signs

SIGNALS = {1: "hangup", 2: "interrupt", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}
STOPPED = {"output": "it wrote more than a program may", "memory": "it used more memory than the sandbox has"}


async def events(
    process: Process, *, every_s: float, deadline_s: float | None
) -> AsyncIterator[wire.ProcessEvent]:
    """Yield the events of a program, the first says its number.

    Raise ConnectError at the deadline, BoxError when the box ends.
    """
    yield event_of_process("start", wire.ProcessEvent.StartEvent(pid=process.info.pid))
    stream = with_signs(process.listen(), every_s=every_s, deadline_s=deadline_s)
    terminal = process.info.terminal
    try:
        async for event in stream:
            yield _told(event, terminal=terminal)
    except DeadlineOver:
        raise ConnectError(Code.DEADLINE_EXCEEDED, "The time of this call is over.") from None
    finally:
        await stream.aclose()  # type: ignore[attr-defined]  # an asynchronous generator


def _told(event: Output | Ended | None, *, terminal: bool) -> wire.ProcessEvent:
    match event:
        case Output(stream, data):
            return data_event("pty" if terminal else "stderr" if stream == "stderr" else "stdout", data)
        case Ended():
            return event_of_process("end", end_event(event))
    return event_of_process("keepalive", wire.ProcessEvent.KeepAlive())


def end_event(ended: Ended) -> wire.ProcessEvent.EndEvent:
    """Return how a program ended as this wire counts: -1 is the exit code of one that a signal ended."""
    if ended.signal:
        status = f"signal: {SIGNALS.get(ended.signal, str(ended.signal))}"
        error = f"{status} ({STOPPED.get(ended.error, ended.error)})" if ended.error else status
        return wire.ProcessEvent.EndEvent(exit_code=-1, exited=False, status=status, error=error)
    status = f"exit status {ended.exit_code}"
    failed = bool(ended.exit_code or ended.error)
    return wire.ProcessEvent.EndEvent(
        exit_code=ended.exit_code,
        exited=True,
        status=status,
        error=(STOPPED.get(ended.error, ended.error) or status) if failed else None,
    )
