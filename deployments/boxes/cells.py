"""Code with kept state: what a cell tells while it runs, and what can be done with kernels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from deployments.boxes.spec import NO_VARIABLES
from deployments.boxes.stream import Stream


@dataclass(frozen=True, slots=True)
class CellOutput:
    """Text a cell wrote; `stream`: stdout or stderr."""

    stream: str
    text: str
    timestamp_ns: int


@dataclass(frozen=True, slots=True)
class CellResult:
    """A value shown: `formats` as E2B's code interpreter sends them (text, html, png, ... data, chart, extra).

    `is_main_result` for the last expression's value, False for what was displayed on the way.
    """

    formats: Mapping[str, Any]
    is_main_result: bool = False


@dataclass(frozen=True, slots=True)
class CellError:
    """The exception that ended the cell; also when the kernel itself died (name "KernelDied")."""

    name: str
    value: str
    traceback: str


@dataclass(frozen=True, slots=True)
class CellCount:
    """The number of this execution in its context."""

    number: int


CellEvent = CellOutput | CellResult | CellError | CellCount


@dataclass(frozen=True, slots=True)
class Context:
    """A running kernel that keeps its variables between cells. `language`: python, javascript or bash."""

    id: str
    language: str
    cwd: str


class Kernels(Protocol):
    """Code with kept state, a kernel for each context."""

    async def create(self, language: str = "python", *, cwd: str = "") -> Context:
        """Start a kernel. BoxRefused for a language there is not."""

    def list(self) -> Sequence[Context]:
        """Those that are open."""

    def default(self, language: str = "python") -> Context | None:
        """The context that `execute` made for cells without one."""

    def execute(
        self,
        code: str,
        *,
        context: str = "",
        language: str = "python",
        environment: Mapping[str, str] = NO_VARIABLES,
        timeout_s: float | None = None,
    ) -> Stream[CellEvent]:
        """Run a cell and yield what it does, in order; cells of one context run one after another.

        Without `context`, the language's default one (made when needed). Leaving early (`aclose`) interrupts the
        cell. NotFound (context), BoxRefused (language), BoxTimeout (interrupted, or killed when it would not stop).
        """

    async def interrupt(self, context: str) -> None:
        """As Ctrl-C does. NotFound."""

    async def restart(self, context: str) -> None:
        """A new kernel under the same id; variables are gone. NotFound."""

    async def remove(self, context: str) -> None:
        """Stop the kernel. NotFound."""
