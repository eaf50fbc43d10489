"""What a box promises: a closed place that lives, in which programs, files and kernels are driven from outside.

    async with await open_box(BoxSpec(...)) as box:          # deployments.boxes.opening.open_box
        process = await box.start(["python3", "-c", "print(1)"])
        async for event in process.listen(): ...             # Output(...), Output(...), Ended(...)

Every method raises BoxGone once the box has ended, and the other errors of `deployments.boxes.errors` as they say.
Paths are absolute, or relative to the box's home; `~` is not expanded. All is asyncio, nothing here knows Django.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from socket import socket
from types import TracebackType
from typing import Protocol, Self

from deployments.boxes.cells import CellCount, CellError, CellEvent, CellOutput, CellResult, Context, Kernels
from deployments.boxes.entries import FileChange, FileInfo, Files
from deployments.boxes.errors import Ending
from deployments.boxes.spec import NO_VARIABLES, BoxSpec
from deployments.boxes.stream import Stream

__all__ = [
    "Box",
    "BoxSpec",
    "CellCount",
    "CellError",
    "CellEvent",
    "CellOutput",
    "CellResult",
    "Context",
    "Ended",
    "Ending",
    "FileChange",
    "FileInfo",
    "Files",
    "Kernels",
    "Output",
    "Process",
    "ProcessInfo",
    "Stream",
    "TerminalSize",
    "Usage",
]


@dataclass(frozen=True, slots=True)
class TerminalSize:
    """Of a pseudo-terminal, in characters."""

    columns: int = 80
    rows: int = 24


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes as they were written. `stream`: stdout or stderr; all of a terminal's output is stdout."""

    stream: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a process.

    `exit_code` as returned; 128 + n when signal n ended it, then `signal` is n (else 0). `error` is empty, or the
    limit that stopped it: "output" (wrote too much) or "memory".
    """

    exit_code: int
    signal: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """A running process that was started through the box; `pid` is its number inside."""

    pid: int
    argv: tuple[str, ...]
    cwd: str
    environment: Mapping[str, str]
    tag: str = ""
    terminal: bool = False


class Process(Protocol):
    """A program in a box, in a session of its own."""

    @property
    def info(self) -> ProcessInfo:
        """What was started."""

    @property
    def ended(self) -> Ended | None:
        """How it ended; None while it runs."""

    def listen(self) -> Stream[Output | Ended]:
        """Events from now on, the last is Ended. The first listener gets them from the very beginning.

        Several may listen. The process waits (its writing blocks) while about 256 KiB lie unread with the
        slowest of them, also while nobody has listened yet. When all have left (`aclose`), output is dropped.
        """

    async def wait(self) -> Ended:
        """Wait for the end without listening: what nobody else reads is dropped."""

    async def write(self, data: bytes) -> None:
        """Write to its stdin or terminal; returns when the process has room for it. NotFound: stdin is closed."""

    async def close_stdin(self) -> None:
        """End its input. On a terminal this types Ctrl-D."""

    async def signal(self, number: int) -> None:
        """Send a signal to the process; SIGKILL goes to all of its session and what descends from it.

        NotFound when it ended already.
        """

    async def resize(self, size: TerminalSize) -> None:
        """Change the size of its terminal. WrongKind when it has none."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What the box uses now; `cpu_s` since it was opened, `peak_memory_bytes` its most."""

    cpu_s: float
    memory_bytes: int
    processes: int
    disk_bytes: int
    disk_total_bytes: int
    peak_memory_bytes: int = 0
    egress_bytes: int = 0
    hosts_refused: tuple[str, ...] = field(default=())


class Box(Protocol):
    """A box that lives until it is closed, its time is over, or it breaks a limit. It ends with this process."""

    id: str
    spec: BoxSpec
    files: Files
    kernels: Kernels

    @property
    def ending(self) -> Ending | None:
        """Why it ended; None while it lives."""

    async def ended(self) -> Ending:
        """Wait for the end. Any number may wait."""

    async def close(self) -> None:
        """End it; returns when nothing of it is left. Safe to repeat."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...  # fmt: skip

    def extend(self, lifetime_s: float) -> None:
        """It ends this many seconds from now, sooner or later than was said before."""

    async def usage(self) -> Usage:
        """What it uses now."""

    async def start(
        self,
        argv: Sequence[str],
        *,
        cwd: str = "",
        environment: Mapping[str, str] = NO_VARIABLES,
        stdin: bool = True,
        tag: str = "",
        terminal: TerminalSize | None = None,
    ) -> Process:
        """Start a program. `cwd` is the home when empty; `environment` is added to the box's.

        NotFound (program or cwd), NotAllowed (it cannot be executed), BoxRefused (too long), BoxAnswer (no more
        processes). Without `stdin` it reads the end of the file at once.
        """

    def processes(self) -> Sequence[Process]:
        """Those started here that run; kernels are not among them."""

    def process(self, *, pid: int | None = None, tag: str | None = None) -> Process:
        """The running process of this number or tag. NotFound."""

    async def connect(self, port: int) -> socket:
        """A non-blocking TCP socket, connected to 127.0.0.1:`port` inside. NotFound: nobody listens there."""
