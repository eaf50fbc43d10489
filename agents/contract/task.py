"""What an agent is given and what it answers; plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Shipping:
    """The wish to put the result online: on which target, in which environment."""

    target: str = "local"
    environment: str = "preview"


@dataclass(frozen=True)
class Context:
    """Who asks and in what surroundings; agents read it, the platform fills it."""

    tenant: str = ""
    user: str = ""
    workspace: str = ""
    conversation: str = ""
    phase: str = ""
    memory: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """One verifier's finding; `weight` is the log-odds it moves, upwards when passed, downwards when not."""

    check: str
    passed: bool
    weight: float
    detail: str = ""


@dataclass(frozen=True)
class Handover:
    """What a former step leaves to the steps that depend on it; nothing is cut."""

    step: str
    agent: str
    purpose: str
    output: str
    data: Mapping[str, Any] = field(default_factory=dict)
    success: bool = True
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()

    @property
    def usable(self) -> bool:
        """True where it left something to work with."""
        return bool(self.output.strip())


@dataclass(frozen=True)
class Task:
    """One agent's part: `input` is what this step shall do, `request` the whole text the person typed."""

    id: str
    input: str
    request: str = ""
    type: str = ""
    purpose: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    context: Context = field(default_factory=Context)
    handovers: tuple[Handover, ...] = ()
    priority: str = "balance"
    timeout_s: float = 120.0
    shipping: Shipping | None = None

    @property
    def asked(self) -> str:
        """The whole request; a task of one step has no other than its input."""
        return self.request or self.input


@dataclass(frozen=True)
class Result:
    """What an agent answers. It never sets `confidence` and `execution_ms`: the platform does, from evidence.

    `success` is False where the work was not done or fails its own checks; `output` may then still hold
    what there is, with the failure said in it (`usable`).
    """

    success: bool
    output: str
    data: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    next_agent: str | None = None
    next_step: str | None = None
    error: str | None = None
    suggestions: tuple[str, ...] = ()
    confidence: float = 0.0
    execution_ms: int = 0

    @property
    def usable(self) -> bool:
        """True where later steps have something to work with, even if a check failed."""
        return bool(self.output.strip())
