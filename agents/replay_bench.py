"""The workbench of a replay: real models, sandbox and facts, and no effect on anything outside.

Nothing is shipped, remembered, told to followers or taught to the router, and tools answer without effects; money comes from the test's own purse.
Both arms are asked by the same rules: whom the router thinks best, nothing tried out, the same temperature.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents import facts, memory, sandboxed
from agents.at_hand import changing_tools
from agents.ceilings import Repeats
from agents.contract import (
    CodeRun,
    Evidence,
    Freight,
    ModelUnavailable,
    Offered,
    Profile,
    ProgramRun,
    Recollection,
    Reply,
    Shipment,
    Shipping,
    Turn,
    Use,
)
from agents.conversation import uses_of
from agents.memory.embedding import embedded_if_possible
from agents.model_calls import prompt_of
from agents.models import Step
from agents.purse import Purse
from agents.replay_effects import NoEffects
from agents.replay_toolbox import ReplayTools
from agents.tool_turns import ToolTurns, models_know_tools
from routing import gateway
from routing.catalog import Model
from routing.errors import EmbeddingsUnavailable, NoCandidate, NoProviderLeft
from routing.gateway import Answer, Attribution
from routing.messages import Prompt
from routing.requirement import Requirement

RECALL_MORE = 3  # looked at beyond the limit, since the step's own result is left out


@dataclass
class ReplayBench(NoEffects):
    """Implements `agents.contract.Workbench` for one arm; `asked` is what the step was told, so that it finds not itself."""

    profile: Profile
    step: Step
    asked: str
    purse: Purse
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._tools = ReplayTools(self.step, self.profile.tools)
        self._turns = ToolTurns(self._tools, Repeats(self.step.agent))

    def in_force(self, own: Profile) -> Profile:
        return self.profile if self.profile.kind == own.kind else own

    def capable(self, task_kind: str = "chat", mode: str = "balance") -> bool:
        try:
            return gateway.preview(Requirement(task_kind, self._mode(mode))).capable
        except NoCandidate:
            return False

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
        asked = prompt_of(
            prompt, system=system, turns=turns, tools=tools, last_word=last_word, schema=schema, grammar=grammar,
            max_output_tokens=max_output_tokens, temperature=temperature,
        )  # fmt: skip
        needed = Requirement(
            task_kind,
            self._mode(mode),
            asked.input_tokens,
            max_output_tokens,
            needs_json=bool(schema),
            needs_tools=bool(tools) and models_know_tools(task_kind, self._mode(mode)),
        )
        try:
            answer = self._answered(asked, needed)
        except NoProviderLeft as error:
            raise ModelUnavailable(error.detail, retryable=True) from error
        except NoCandidate as error:
            raise ModelUnavailable(error.detail, retryable=False) from error
        self.answers.append(answer)
        return Reply(
            answer.text,
            answer.model,
            answer.finish_reason,
            answer.prior,
            answer.capable,
            uses_of(answer.calls),
        )

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            return gateway.embed(texts)
        except EmbeddingsUnavailable as error:
            raise ModelUnavailable(error.detail) from error

    def recall(
        self, text: str, *, limit: int = 3, scope: str = "", kind: str = ""
    ) -> tuple[Recollection, ...]:
        del scope  # a replay stands in no project and no conversation
        found = memory.recall(
            text, embedded_if_possible(text), reach=memory.Reach(None, "", kind), limit=limit + RECALL_MORE
        )
        return tuple(one for one in found if one.request != self.asked)[:limit]

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        return sandboxed.run_code(code, files=files, timeout_s=timeout_s, of=self.profile.kind)

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        return sandboxed.run_program(files, commands, timeout_s=timeout_s, of=self.profile.kind)

    def ship(self, freight: Freight, shipping: Shipping) -> Shipment:
        return Shipment(live=False, reason="a replay ships nothing")

    def judge(self, evidence: Sequence[Evidence]) -> None:
        """What a replay shows is no outcome of the router's choice."""

    def note(self, text: str) -> None:
        """Nobody follows a replay."""

    def tools(self) -> tuple[Offered, ...]:
        return self._tools.offered()

    def changing_tools(self) -> Mapping[str, str]:
        return {} if self.step.execution.parent_id else changing_tools()

    def earlier(self) -> tuple[Turn, ...]:
        return self._turns.earlier()

    def use(self, said: str, uses: Sequence[Use]) -> Turn:
        return self._turns.use(said, uses)

    def read(self, path: str) -> bytes | None:
        return self._tools.workspace.read(path)

    def files(self) -> Mapping[str, int]:
        return self._tools.workspace.paths()

    def originals(self) -> Mapping[str, bytes]:
        return self._tools.workspace.originals()

    def keep(self, files: Mapping[str, bytes]) -> Mapping[str, str]:
        return self._tools.workspace.keep(files)

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        return facts.facts(name, **filters)

    def _answered(self, asked: Prompt, needed: Requirement) -> Answer:
        if self.profile.prefers:
            try:
                return self._complete(asked, needed, lambda model: model.id == self.profile.prefers)
            except (NoCandidate, NoProviderLeft):
                pass  # whom the router chooses, as in a live step
        return self._complete(asked, needed, lambda _model: True)

    def _complete(self, asked: Prompt, needed: Requirement, among: Callable[[Model], bool]) -> Answer:
        account = Attribution(agent=self.profile.kind, ceiling_micros=self.purse.left(), judged=False)
        answer = gateway.complete(asked, needed, attribution=account, among=among)
        self.purse.pay(answer.cost_micros)
        return answer

    def _mode(self, wanted: str) -> str:
        mode: str = self.step.execution.mode
        return mode if mode != "balance" else wanted
