"""The workbench of one live step: its models, memory, sandbox and facts, all within its tenant and budget."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from agents import executions, facts, memory
from agents import shipping as shipping_of_executions
from agents.ceilings import NOTHING, Repeats, Used, ceilings, check
from agents.contract import (
    CodeRun,
    CodeRunUnavailable,
    Evidence,
    Freight,
    ModelUnavailable,
    Profile,
    ProgramRun,
    Recollection,
    Reply,
    Shipment,
    Shipping,
)
from agents.leases import Claim, LostLease
from agents.models import Execution, Step
from deployments import execution as deployments
from deployments.sandboxes.contract import SandboxRefused, SandboxUnavailable
from routing import gateway
from routing.errors import CallCancelled, EmbeddingsUnavailable, NoCandidate, NoProviderLeft
from routing.gateway import Answer, Attribution
from routing.messages import Message, Prompt
from routing.requirement import Requirement


@dataclass
class LiveBench:
    """Implements `agents.contract.Workbench`; remembers the calls made for the step's record."""

    execution: Execution
    step: Step
    held: Claim
    answers: list[Answer] = field(default_factory=list)
    priors: list[float] = field(default_factory=list)
    judged: list[tuple[UUID, tuple[Evidence, ...]]] = field(default_factory=list)
    vector: Sequence[float] | None = None  # the embedding of the task, once the step has recalled by it
    used: Used = NOTHING
    profile: Profile | None = None  # what this step's agent asks with; None: the agent's own
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self._repeats = Repeats(self.step.agent)

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
    ) -> Reply:
        asked = Prompt(
            messages=(Message("system", system), Message("user", prompt)),
            max_output_tokens=max_output_tokens,
            temperature=temperature,
            response_schema=schema,
            grammar=grammar,
        )
        needed = Requirement(
            task_kind, self._mode(mode), asked.input_tokens, max_output_tokens, needs_json=bool(schema)
        )
        try:
            answer = self._answered(asked, needed)
        except CallCancelled as error:
            raise LostLease(str(self.held.step_id)) from error
        except NoProviderLeft as error:
            raise ModelUnavailable(error.detail, retryable=True) from error
        except NoCandidate as error:
            raise ModelUnavailable(error.detail, retryable=False) from error
        return self._noted(answer)

    def _answered(self, asked: Prompt, needed: Requirement) -> Answer:
        """Ask the model that the profile prefers, and where it cannot take or answer it, whom the router chooses."""
        complete = partial(
            gateway.complete,
            asked,
            needed,
            attribution=self._attribution(),
            cancelled=self.held.lost.is_set,
            vector=self.vector,
        )
        wanted = self.profile.prefers if self.profile else ""
        if wanted:
            try:
                return complete(among=lambda model: model.id == wanted)
            except (NoCandidate, NoProviderLeft):
                self.note(f"{wanted}, which is asked first, did not take it; the router chooses.")
        return complete()

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        try:
            return gateway.embed(texts)
        except EmbeddingsUnavailable as error:
            raise ModelUnavailable(error.detail) from error

    def recall(self, text: str, *, limit: int = 3) -> tuple[Recollection, ...]:
        try:
            self.vector = self.embed([text])[0]
            return memory.recall(self.vector, limit=limit)
        except ModelUnavailable:
            return ()  # memory is a help, not a need

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        self._repeats.note("run_code", code=code, files=dict(files))
        try:
            run = deployments.run_code(
                code,
                files=files,
                timeout_s=timeout_s,
                execution_id=self.execution.pk,
                step_id=self.step.pk,
                agent=self.step.agent,
            )
        except (SandboxUnavailable, SandboxRefused) as error:
            raise CodeRunUnavailable(str(error)) from error
        return CodeRun(run.exit_code, run.stdout, run.stderr, run.timed_out, run.duration_ms)

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        self._repeats.note("run_program", files=dict(files), commands=list(commands))
        try:
            run = deployments.run_program(
                files,
                commands,
                timeout_s=timeout_s,
                execution_id=self.execution.pk,
                step_id=self.step.pk,
                agent=self.step.agent,
            )
        except (SandboxUnavailable, SandboxRefused) as error:
            raise CodeRunUnavailable(str(error)) from error
        return ProgramRun(run.exit_code, run.output, run.timed_out, run.duration_ms)

    def ship(self, freight: Freight, shipping: Shipping) -> Shipment:
        return shipping_of_executions.ship(self.execution, freight, shipping)

    def check(self) -> None:
        """Raise Stopped where the execution has used more than it may."""
        tokens = sum(answer.input_tokens + answer.output_tokens for answer in self.answers)
        check(self.used.with_more(tokens=tokens, work_s=time.monotonic() - self._began), ceilings())

    def judge(self, evidence: Sequence[Evidence]) -> None:
        self.judged += [(answer.decision_id, tuple(evidence)) for answer in self.answers[len(self.judged) :]]

    def note(self, text: str) -> None:
        with transaction.atomic():
            executions.tell(self.execution.pk, "note", step=self.step.key, agent=self.step.agent, text=text)

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        return facts.facts(name, **filters)

    def _mode(self, wanted: str) -> str:
        # What the caller asked for the whole task wins over an agent's own habit.
        return self.execution.mode if self.execution.mode != Execution.Mode.BALANCE else wanted

    def _attribution(self) -> Attribution:
        if self.held.lost.is_set():
            raise LostLease(str(self.held.step_id))
        self.check()
        return Attribution(
            execution_id=self.execution.pk,
            step_id=self.step.pk,
            agent=self.step.agent,
            ceiling_micros=self.execution.ceiling_micros,
        )

    def _noted(self, answer: Answer) -> Reply:
        self.answers.append(answer)
        self.priors.append(answer.prior)
        with transaction.atomic():
            executions.tell(
                self.execution.pk,
                "model_answered",
                step=self.step.key,
                agent=self.step.agent,
                model=answer.model,
                why=answer.why,
                decision_id=answer.decision_id,
                tokens=answer.input_tokens + answer.output_tokens,
                cost_micros=answer.cost_micros,
                latency_ms=answer.latency_ms,
            )
        return Reply(
            text=answer.text,
            model=answer.model,
            finish_reason=answer.finish_reason,
            prior=answer.prior,
            capable=answer.capable,
        )
