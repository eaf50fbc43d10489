"""Who an agent is, and everything it may do."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.contract.answers import CodeRun, Freight, ProgramRun, Recollection, Reply, Shipment
from agents.contract.task import Evidence, Result, Shipping, Task


@dataclass(frozen=True)
class Profile:
    """Who an agent is: `purpose` is one sentence, `asks` its question templates by name.

    `task_kind` and `mode` are what its calls ask of the router unless one call says otherwise;
    a capability marked `*` is required of the kind. `prefers` is the model that is asked first ("": the router
    chooses), `tools` what the agent looks at before each question.
    """

    kind: str
    purpose: str
    capabilities: tuple[str, ...]
    task_kind: str
    mode: str
    prompt: str
    asks: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    prefers: str = ""

    @property
    def prompt_version(self) -> str:
        """Twelve hexadecimal digits over everything this agent says to a model, which one, and what it looks at before."""
        said = "\0".join([self.prompt, *(f"{name}\0{self.asks[name]}" for name in sorted(self.asks))])
        said += "".join(f"\0{name}" for name in (*self.tools, self.prefers) if name)
        return hashlib.sha256(said.encode()).hexdigest()[:12]


class Workbench(Protocol):
    """Everything an agent may do. One exists for each step; it knows tenant, step, money and cancellation."""

    def in_force(self, own: Profile) -> Profile:
        """Return the profile that this step asks with: the agent's own, or what proved better than it."""
        ...

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

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        """Write files (by path, with folders) into a box and run shell commands there one after another, to the first that fails.

        The box has the packages of the shelf (Flask, FastAPI, Django, Node ...) and no network; raises CodeRunUnavailable.
        """
        ...

    def ship(self, freight: Freight, shipping: Shipping) -> Shipment:
        """Release these files and bring them online, once approved; raises NotYet while that is under way.

        Called again by the same step it goes on with the same project, release, approval and deployment.
        """
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
