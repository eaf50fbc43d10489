"""What an agent is given, what it may use and what it answers; everything here is a plain value."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Embed = Callable[[Sequence[str]], list[list[float]]]


class ModelUnavailable(Exception):  # noqa: N818 - it reads as what happened
    """No model answered. An agent with another way goes on without; otherwise the step may be tried again."""

    def __init__(self, reason: str, *, retryable: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable


class CodeRunUnavailable(Exception):  # noqa: N818 - it reads as what happened
    """Code cannot be run here. The agent says "not run" and goes on; a retry changes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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
class Handover:
    """What a former step leaves to the steps that depend on it; nothing is cut."""

    step: str
    agent: str
    purpose: str
    output: str
    data: Mapping[str, Any] = field(default_factory=dict)
    success: bool = True
    confidence: float = 0.0

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

    @property
    def asked(self) -> str:
        """The whole request; a task of one step has no other than its input."""
        return self.request or self.input


@dataclass(frozen=True)
class Evidence:
    """One verifier's finding; `weight` is the log-odds it moves, upwards when passed, downwards when not."""

    check: str
    passed: bool
    weight: float
    detail: str = ""


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


@dataclass(frozen=True)
class Reply:
    """A model's answer. `prior` is P(success) of (task, model) in (0, 1); `capable` a strong model's answer."""

    text: str
    model: str = ""
    finish_reason: str = "stop"
    prior: float = 0.5
    capable: bool = False

    @property
    def complete(self) -> bool:
        """False where the answer was cut by its token limit."""
        return self.finish_reason != "length"


@dataclass(frozen=True)
class Recollection:
    """A stored result of a similar task; `similarity` is a cosine, `confidence` 0 to 10."""

    request: str
    output: str
    agent: str = ""
    similarity: float = 0.0
    confidence: float = 0.0
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CodeRun:
    """What came of running code in the sandbox."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False
    duration_ms: int = 0


@dataclass(frozen=True)
class Profile:
    """Who an agent is: `purpose` is one sentence, `asks` its question templates by name.

    `task_kind` and `mode` are what its calls ask of the router unless one call says otherwise;
    a capability marked `*` is required of the kind.
    """

    kind: str
    purpose: str
    capabilities: tuple[str, ...]
    task_kind: str
    mode: str
    prompt: str
    asks: Mapping[str, str] = field(default_factory=dict)

    @property
    def prompt_version(self) -> str:
        """Twelve hexadecimal digits over everything this agent says to a model."""
        said = "\0".join([self.prompt, *(f"{name}\0{self.asks[name]}" for name in sorted(self.asks))])
        return hashlib.sha256(said.encode()).hexdigest()[:12]


class Workbench(Protocol):
    """Everything an agent may do. One exists for each step; it knows tenant, step, money and cancellation."""

    def capable(self, task_kind: str = "chat", mode: str = "balance") -> bool:
        """Whether a strong model would answer such a question now (no call is made)."""
        ...

    def ask(
        self,
        prompt: str,
        *,
        system: str,
        task_kind: str = "chat",
        mode: str = "balance",
        max_output_tokens: int = 400,
        schema: Mapping[str, Any] | None = None,
        grammar: str | None = None,
        temperature: float | None = None,
    ) -> Reply:
        """Ask a model; `schema` or `grammar` (GBNF, a hint that not every provider heeds), never both.

        Raises ModelUnavailable; cancellation and an exhausted budget pass through the agent untouched.
        """
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector for each text; raises ModelUnavailable."""
        ...

    def recall(self, text: str, *, limit: int = 3) -> tuple[Recollection, ...]:
        """Return this tenant's results of the most similar tasks, best first; empty where there are none."""
        ...

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        """Run Python in the sandbox, `files` beside it in its working directory; raises CodeRunUnavailable."""
        ...

    def judge(self, evidence: Sequence[Evidence]) -> None:
        """Tell how the answers since the last judgement turned out: what the router learns from.

        For work that tries more than once. Answers nobody judged turned out as the step's result did.
        """
        ...

    def note(self, text: str) -> None:
        """Show one line of progress."""
        ...

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        """Return this tenant's platform facts; names and keys stand in `text.figures.FACTS`."""
        ...


class Agent(Protocol):
    """One of the roster; a module with these two names is one."""

    profile: Profile

    def execute(self, task: Task, bench: Workbench) -> Result:
        """Do the work; raises ModelUnavailable only where nothing can be done without a model."""
        ...
