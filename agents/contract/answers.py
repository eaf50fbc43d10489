"""What a workbench answers: replies of models, memories, runs of code, shipments; plain values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.contract.task import Evidence
from agents.contract.tools import Use

Embed = Callable[[Sequence[str]], list[list[float]]]


@dataclass(frozen=True)
class Reply:
    """A model's answer. `prior` is P(success) of (task, model) in (0, 1); `capable` a strong model's answer.

    `uses` are the tools it wants used before it goes on.
    """

    text: str
    model: str = ""
    finish_reason: str = "stop"
    prior: float = 0.5
    capable: bool = False
    uses: tuple[Use, ...] = ()

    @property
    def complete(self) -> bool:
        """False where the answer was cut by its token limit."""
        return self.finish_reason != "length"


@dataclass(frozen=True)
class Recollection:
    """Something remembered: the result of a similar task, or a note; `similarity` is a cosine, `confidence` 0 to 10.

    `kind` is result or note. `origin` says who the words come from: a person, a checked result, an agent, or a tool.
    """

    request: str
    output: str
    agent: str = ""
    similarity: float = 0.0
    confidence: float = 0.0
    data: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    kind: str = "result"
    origin: str = "result"
    source: str = ""
    score: float = 0.0

    @property
    def said_by_person(self) -> bool:
        """Whether its words may be followed. All others are material to work with, whatever they ask for."""
        return self.kind == "note" and self.origin == "person"


@dataclass(frozen=True)
class CodeRun:
    """What came of running code in the sandbox."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False
    duration_ms: int = 0


@dataclass(frozen=True)
class ProgramRun:
    """What came of running commands over files in the sandbox; `output` is both streams in order, of all commands."""

    exit_code: int
    output: str = ""
    timed_out: bool = False
    duration_ms: int = 0


@dataclass(frozen=True)
class Freight:
    """What is to be released: files, how they are built and started, what their checks showed, and its name."""

    name: str
    description: str
    files: Mapping[str, str]
    recipe: Mapping[str, Any]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Shipment:
    """A release that is online (`live`), or why it is not; every id is a string, "" where there is none."""

    live: bool
    reason: str = ""
    refused: bool = False  # a person said no
    url: str = ""
    project: str = ""
    project_id: str = ""
    release: int = 0
    checksum: str = ""
    service_id: str = ""
    deployment_id: str = ""
    approval_id: str = ""
    approved_by: str = ""
    health: str = ""
    took_s: float = 0.0
