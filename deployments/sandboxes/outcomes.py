"""How commands and cells ended, kept with limits; the values that come out of a sandbox's door."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployments.sandboxes.contract import SandboxError, SandboxUnavailable

KIB = 1024
KEPT_BYTES = 64 * KIB  # of each stream
SIGNALS = {"hangup": 1, "interrupt": 2, "aborted": 6, "killed": 9, "segmentation fault": 11, "terminated": 15}
STOPPED_EXIT_CODE = 137  # 128 + SIGKILL


class SandboxBusy(SandboxUnavailable):
    """All boxes that may be open at once are in use; wait for one to end."""

    def __init__(self, reason: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class SandboxEnded(SandboxError):  # noqa: N818  (it is what happened)
    """The box ended under the work: its time was over, a limit was broken, or somebody ended it."""


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How one shell command ended. `stopped` is empty, or the limit that ended it.

    `exit_code` is the shell's: 128 + n for death by signal n. `output` is both streams as they came.
    """

    command: str
    exit_code: int
    stdout: str
    stderr: str
    output: str
    timed_out: bool
    truncated: bool
    duration_ms: int
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What one cell of a kernel did. `results`: one mapping of formats for each thing shown, the last value marked."""

    stdout: str
    stderr: str
    results: tuple[Mapping[str, Any], ...]
    error: Mapping[str, str] | None
    timed_out: bool
    truncated: bool
    duration_ms: int


@dataclass(slots=True)
class Kept:
    """The beginning of a stream, and how much came in all."""

    most: int = KEPT_BYTES
    written: int = 0
    _text: list[str] = field(default_factory=list)
    _kept: int = 0

    def add(self, text: str) -> None:
        """Take what was written, as far as there is room."""
        size = len(text.encode("utf-8", "replace"))
        self.written += size
        if self._kept < self.most:
            piece = text if self._kept + size <= self.most else _cut(text, self.most - self._kept)
            self._text.append(piece)
            self._kept += len(piece.encode("utf-8", "replace"))

    @property
    def truncated(self) -> bool:
        """Whether more came than is kept."""
        return self.written > self._kept

    def text(self) -> str:
        """Return what is kept; it says where it was cut. PostgreSQL's text takes every character but NUL."""
        kept = "".join(self._text).replace("\0", "\ufffd")
        cut = f"\n[truncated: {self._kept} of {self.written} bytes are shown]\n"
        return kept + cut if self.truncated else kept


def shell_exit_code(exit_code: int, error: str) -> int:
    """Return the shell's exit code for what the wire tells: there -1 stands for every signal, and the error names it."""
    if exit_code >= 0:
        return exit_code
    name = error.removeprefix("signal: ").partition(" (")[0]
    return 128 + SIGNALS[name] if name in SIGNALS else STOPPED_EXIT_CODE


def limit_broken(error: str) -> str:
    """Return the limit in an error such as `signal: killed (it wrote more than a program may)`; else empty."""
    return (
        error.rpartition(" (")[2].removesuffix(")") if error.startswith("signal: ") and " (" in error else ""
    )


def _cut(text: str, size: int) -> str:
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
