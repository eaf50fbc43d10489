"""What a sandbox promises: code nobody has read runs apart from everything, and comes back as a value.

SandboxError
├── SandboxUnavailable   no box can be opened on this machine, or just now; the reason says what to do
└── SandboxRefused       the input is not one a box takes; nothing was started
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NO_FILES: Mapping[str, str] = MappingProxyType({})


class SandboxError(Exception):
    """The code was not run."""

    retryable: bool = False


class SandboxUnavailable(SandboxError):  # noqa: N818  (it is what the user is told)
    """Code cannot be executed here; everything else works. `reason` says why and what to do."""

    retryable = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SandboxRefused(SandboxError):  # noqa: N818  (as above)
    """The code, a file or the time asked for is outside what a box takes."""


@dataclass(frozen=True, slots=True)
class SandboxRun:
    """How the code ended.

    `exit_code` is the shell's: 0 is success, 128 + n death by signal n (137 when the box was stopped).
    `truncated`: more was written than is kept; the text says where it was cut.
    """

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool
    duration_ms: int
    truncated: bool = False
