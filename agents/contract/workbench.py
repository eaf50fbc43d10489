"""Who an agent is, and everything it may do."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.contract.answers import CodeRun, Freight, ProgramRun, Recollection, Reply, Shipment
from agents.contract.task import Evidence, Result, Shipping, Task
from agents.contract.tools import Offered, Turn, Use


@dataclass(frozen=True)
class Profile:
    """Who an agent is: `purpose` is one sentence, `asks` its question templates by name.

    `task_kind` and `mode` are what its calls ask of the router unless one call says otherwise;
    a capability marked `*` is required of the kind. `tools` are the tools it may ask for, `mcp__*` all of MCP servers.
    `prefers` is the model that is asked first ("": the router chooses), `looks_up` what it looks at before each question.
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
    looks_up: tuple[str, ...] = ()

    @property
    def prompt_version(self) -> str:
        """Twelve hexadecimal digits over all it says to a model, which one, what it may use and looks at before."""
        asks = (f"{name}\0{self.asks[name]}" for name in sorted(self.asks))
        said = "\0".join([self.prompt, *asks, *self.tools, self.prefers, *self.looks_up])
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
        turns: Sequence[Turn] = (),
        tools: Sequence[Offered] = (),
        last_word: str = "",
    ) -> Reply:
        """Ask a model; `schema` or `grammar` (GBNF, a hint that not every provider heeds), never both.

        `turns` are the rounds of this conversation so far, `last_word` what the user says after them; `tools` are what it
        may ask for instead of answering.

        Raises ModelUnavailable; cancellation and an exhausted budget pass through the agent untouched.
        """
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector for each text; raises ModelUnavailable."""
        ...

    def recall(
        self, text: str, *, limit: int = 3, scope: str = "", kind: str = ""
    ) -> tuple[Recollection, ...]:
        """Return what is remembered of this, by meaning and by words, best first; empty where there is nothing.

        Seen is what is known everywhere in the tenant, in this execution's project and in its conversation; `scope`
        (tenant, project) leaves the narrower ones out, `kind` (result, note) takes only those.
        """
        ...

    def remember(
        self,
        text: str,
        *,
        origin: str = "agent",
        source: str = "",
        scope: str = "",
        importance: float = 0.5,
        keep_s: float | None = None,
    ) -> str:
        """Remember a note for later executions and return its id; "" where it cannot be kept.

        `origin` is agent for the agent's own words, tool for what a page, a file or a program put out (`source` names
        it): neither is ever shown as an instruction. `scope` is tenant, project or conversation, by default the
        narrowest this execution has; `keep_s` seconds later it is forgotten.
        """
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

    def tools(self) -> tuple[Offered, ...]:
        """Return the tools this step may ask for; none where its tenant or its agent's list has none."""
        ...

    def changing_tools(self) -> Mapping[str, str]:
        """Return what each tool with effects does that a plan may permit, by name."""
        ...

    def earlier(self) -> tuple[Turn, ...]:
        """Return the rounds with tools that this step has behind it: a step that is done anew goes on from them."""
        ...

    def use(self, said: str, uses: Sequence[Use]) -> Turn:
        """Have tools used, one after another; whatever goes wrong is told in what comes back.

        Raises NotYet while a person is asked, and Stopped at the third use that is the same in everything.
        """
        ...

    def read(self, path: str) -> bytes | None:
        """Return a file of the execution, None where there is none."""
        ...

    def files(self) -> Mapping[str, int]:
        """Return the sizes of the execution's files in bytes, by path."""
        ...

    def originals(self) -> Mapping[str, bytes]:
        """Return the files that came from outside as they came: with the task, or from a repository."""
        ...

    def keep(self, files: Mapping[str, bytes]) -> Mapping[str, str]:
        """Store files as artefacts of the execution; return their SHA-256 by path."""
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
