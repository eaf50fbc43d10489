"""The workbench of one live step: its models, memory, sandbox and facts, all within its tenant and budget."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from agents import below, facts, memory, sandboxed, speech
from agents import shipping as shipping_of_executions
from agents.at_hand import changing_tools
from agents.ceilings import NOTHING, Repeats, Used, ceilings, check
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
from agents.leases import Claim, LostLease, renew
from agents.memory.at_work import note_of, place_of, reach_of
from agents.memory.embedding import embedded, model_in_use
from agents.model_calls import answered, prompt_of
from agents.models import Artefact, Execution, Memory, Step
from agents.registry_kinds import profile_of
from agents.telling import tell
from agents.tool_turns import ToolTurns, models_know_tools
from agents.toolbox import Toolbox
from miosa.http.problem import Unprocessable
from routing import gateway
from routing.embeddings import MODEL
from routing.errors import CallCancelled, EmbeddingsUnavailable, NoCandidate, NoProviderLeft
from routing.gateway import Answer, Attribution
from routing.requirement import Requirement


@dataclass
class LiveBench:
    """Implements `agents.contract.Workbench`; keeps the calls for the step's record. Who was given up changes nothing more."""

    held: Claim
    answers: list[Answer] = field(default_factory=list)
    priors: list[float] = field(default_factory=list)
    judged: list[tuple[UUID, tuple[Evidence, ...]]] = field(default_factory=list)
    vector: Sequence[float] | None = None  # the embedding of the task, once the step has recalled by it
    used: Used = NOTHING
    profile: Profile | None = None  # None: the agent's own
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._repeats = Repeats(self.step.agent)
        self._toolbox = Toolbox(self.execution, self.step, profile_of(self.step.agent).tools)
        self._tool_turns = ToolTurns(self._toolbox, self._repeats)

    @property
    def execution(self) -> Execution:
        return self.held.execution

    @property
    def step(self) -> Step:
        return self.held.step

    def in_force(self, own: Profile) -> Profile:
        return self.profile if self.profile and self.profile.kind == own.kind else own

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
            task_kind, self._mode(mode), asked.input_tokens, max_output_tokens, needs_json=bool(schema),
            needs_tools=bool(tools) and models_know_tools(task_kind, self._mode(mode)),
        )  # fmt: skip
        try:
            with speech.spoken(self.execution.pk, self.step.key):
                answer = answered(
                    asked,
                    needed,
                    wanted=self.profile.prefers if self.profile else "",
                    note=self.note,
                    attribution=self._attribution(),
                    cancelled=self.held.lost.is_set,
                    vector=self.vector,
                )
        except CallCancelled as error:
            raise LostLease(str(self.held.step_id)) from error
        except NoProviderLeft as error:
            raise ModelUnavailable(error.detail, retryable=True) from error
        except NoCandidate as error:
            raise ModelUnavailable(error.detail, retryable=False) from error
        return self._noted(answer)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            return gateway.embed(texts)
        except EmbeddingsUnavailable as error:
            raise ModelUnavailable(error.detail) from error

    def recall(
        self, text: str, *, limit: int = 3, scope: str = "", kind: str = ""
    ) -> tuple[Recollection, ...]:
        pattern: Sequence[float] = ()
        with suppress(ModelUnavailable, EmbeddingsUnavailable):  # words find what they hold all the same
            pattern = embedded([text])[0]
            if kind != Memory.Kind.NOTE:  # a likeness of tasks: notes say nothing of who did them well
                self.vector = pattern if model_in_use() == MODEL else self.embed([text])[0]
        return memory.recall(
            text, pattern, reach=reach_of(self.execution, scope=scope, kind=kind), limit=limit
        )

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
        renew(self.held)
        note = note_of(
            self.step, text, place=place_of(self.execution, scope), origin=origin, source=source,
            importance=importance, keep_s=keep_s,
        )  # fmt: skip
        try:
            return str(memory.remember(note).pk)
        except Unprocessable as refusal:
            self.note(f"This is not remembered: {refusal}")
            return ""

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        self._repeats.note("run_code", code=code, files=dict(files))
        return sandboxed.run_code(code, files=files, timeout_s=timeout_s, of=self.step)

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        self._repeats.note("run_program", files=dict(files), commands=list(commands))
        return sandboxed.run_program(files, commands, timeout_s=timeout_s, of=self.step)

    def ship(self, freight: Freight, shipping: Shipping) -> Shipment:
        renew(self.held)
        return shipping_of_executions.ship(self.execution, freight, shipping)

    def check(self) -> None:
        """Raise Stopped where the execution has used more than it may."""
        tokens = sum(one.input_tokens + one.output_tokens for one in self.answers)
        check(self.used.with_more(tokens=tokens, work_s=time.monotonic() - self.began), ceilings())

    def tools(self) -> tuple[Offered, ...]:
        return self._toolbox.offered()

    def changing_tools(self) -> Mapping[str, str]:
        return {} if self.execution.parent_id else changing_tools()  # a model's word permits nothing

    def earlier(self) -> tuple[Turn, ...]:
        return self._tool_turns.earlier()

    def use(self, said: str, uses: Sequence[Use]) -> Turn:
        self.check()
        renew(self.held)
        return self._tool_turns.use(said, uses)

    def read(self, path: str) -> bytes | None:
        return self._toolbox.workspace.read(path)

    def files(self) -> Mapping[str, int]:
        return self._toolbox.workspace.paths()

    def originals(self) -> Mapping[str, bytes]:
        return self._toolbox.workspace.originals()

    def keep(self, files: Mapping[str, bytes]) -> Mapping[str, str]:
        renew(self.held)
        return self._toolbox.workspace.keep(files, origin=Artefact.Origin.AGENT)

    def judge(self, evidence: Sequence[Evidence]) -> None:
        self.judged += [(answer.decision_id, tuple(evidence)) for answer in self.answers[len(self.judged) :]]

    def note(self, text: str) -> None:
        tell(self.execution.pk, "note", step=self.step.key, agent=self.step.agent, text=text)

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        return facts.facts(name, **filters)

    def _mode(self, wanted: str) -> str:
        return self.execution.mode if self.execution.mode != Execution.Mode.BALANCE else wanted

    def _attribution(self) -> Attribution:
        if self.held.lost.is_set():
            raise LostLease(str(self.held.step_id))
        self.check()
        ceiling = below.ceiling_now(self.execution.pk)
        return Attribution(self.execution.pk, self.step.pk, self.step.agent, ceiling_micros=ceiling)

    def _noted(self, answer: Answer) -> Reply:
        self.answers.append(answer)
        self.priors.append(answer.prior)
        tell(
            self.execution.pk, "model_answered", step=self.step.key, agent=self.step.agent, model=answer.model,
            why=answer.why, decision_id=answer.decision_id, tokens=answer.input_tokens + answer.output_tokens,
            cost_micros=answer.cost_micros, latency_ms=answer.latency_ms,
        )  # fmt: skip
        return Reply(
            text=answer.text,
            model=answer.model,
            finish_reason=answer.finish_reason,
            prior=answer.prior,
            capable=answer.capable,
            uses=uses_of(answer.calls),
        )
