"""Messages of the wire with one of several contents, made in one place."""

from typing import Any

from e2b.envd.filesystem import filesystem_pb
from e2b.envd.process import process_pb
from protobuf import Oneof

# The generated types want the name of the content as a literal; a name that is none of them is refused when it is set.


def event_of_process(kind: str, content: Any) -> process_pb.ProcessEvent:
    """Return start, data, end or keepalive."""
    chosen: Any = Oneof(kind, content)
    return process_pb.ProcessEvent(event=chosen)


def data_event(stream: str, data: bytes) -> process_pb.ProcessEvent:
    """Return output: of stdout, stderr or pty."""
    chosen: Any = Oneof(stream, data)
    return event_of_process("data", process_pb.ProcessEvent.DataEvent(output=chosen))


def watch_event(kind: str, content: Any) -> filesystem_pb.WatchDirResponse:
    """Return start, filesystem or keepalive."""
    chosen: Any = Oneof(kind, content)
    return filesystem_pb.WatchDirResponse(event=chosen)


def content_of(field: Any) -> tuple[str, Any]:
    """Return the name and the value of what a message holds; empty and None where it holds nothing."""
    return (field.field, field.value) if field is not None else ("", None)
