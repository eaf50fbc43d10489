"""The workbench of an evaluation: no rows, no tenant, no network but a local model's; code runs in a box of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
)
from agents.evals.boxed import run_boxed
from agents.evals.models import LocalModel
from agents.replay_effects import NoEffects
from agents.text.bags import bag


@dataclass
class EvalBench(NoEffects):
    """Implements `agents.contract.Workbench`; without a model nobody answers, and words stand in for meaning."""

    facts_here: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    model: LocalModel | None = None
    asked: int = 0

    def in_force(self, own: Profile) -> Profile:
        return own

    def capable(self, task_kind: str = "chat", mode: str = "balance") -> bool:
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
        if self.model is None:
            raise ModelUnavailable("this evaluation asks no model")
        self.asked += 1
        return self.model.ask(
            prompt, system, most=max_output_tokens, schema=schema, grammar=grammar, temperature=temperature
        )

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return self.model.embed(texts) if self.model else [bag(text) for text in texts]

    def recall(
        self, text: str, *, limit: int = 3, scope: str = "", kind: str = ""
    ) -> tuple[Recollection, ...]:
        return ()

    def run_code(self, code: str, *, files: Mapping[str, str] = {}, timeout_s: float = 10) -> CodeRun:
        done = run_boxed({**files, "main.py": code}, ["python3", "main.py"], timeout_s=timeout_s)
        return CodeRun(done.exit_code, done.stdout, done.stderr, done.timed_out, done.duration_ms)

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        done = run_boxed(files, ["sh", "-c", " && ".join(commands)], timeout_s=timeout_s)
        return ProgramRun(done.exit_code, f"{done.stdout}{done.stderr}", done.timed_out, done.duration_ms)

    def ship(self, freight: Freight, shipping: Shipping) -> Shipment:
        return Shipment(live=False, reason="an evaluation ships nothing")

    def judge(self, evidence: Sequence[Evidence]) -> None:
        """Nobody learns from an evaluation."""

    def note(self, text: str) -> None:
        """Nobody follows it."""

    def facts(self, name: str, **filters: Any) -> list[dict[str, Any]]:
        rows = self.facts_here.get(name, [])
        return [row for row in rows if all(row.get(key) == value for key, value in filters.items())]
