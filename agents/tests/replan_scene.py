"""A plan in which something cannot be done, and a planning model that is asked for another way."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from agents import executions, leases, orchestrator, submission
from agents.contract import ModelUnavailable, Result
from agents.insight import events_after
from agents.models import Execution, Step
from agents.plan import Plan, PlannedStep
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked, WireServer

REQUEST = "Say what the sea is, and what follows from it"


class Gone(ModelUnavailable):
    """What an agent raises that cannot do its part."""

    def __init__(self, said: str) -> None:
        super().__init__(said, retryable=False)


class Models:
    """A planning model that answers these plans one after the other, and agents whose steps do as they are told."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def script(self, asked: Asked) -> Reply:
        """Answer the next plan, after the last one the same again; and the whole answer in no words."""
        if "come to a halt" not in asked.prompt:
            return Reply(text="")
        self.asked.append(asked.prompt)
        text = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return Reply(text=text, usage={"prompt_tokens": 100, "completion_tokens": 20})


def answer(*steps: tuple[Any, ...], **more: Any) -> str:
    """Return a plan as a model answers it, of (key, agent, *depends_on)."""
    rows = [
        {"key": key, "agent": agent, "instruction": f"do {key}", "depends_on": list(deps)} | more
        for key, agent, *deps in steps
    ]
    return json.dumps({"reasoning": "Another way.", "steps": rows})


@contextmanager
def planning(*answers: str) -> Iterator[Models]:
    """Have a capable model at hand that answers so."""
    models = Models(*answers)
    with WireServer(models.script) as wire, providers(kimi=wire.url, embeddings=wire.url.removesuffix("/v1")):
        yield models


def underway(*steps: PlannedStep, **fields: Any) -> Execution:
    """Return an execution whose plan is made, its first steps ready."""
    made = submission.submit(REQUEST, requested_by="user:test", **fields)
    with transaction.atomic():
        Step.objects.filter(execution=made, key="plan").update(state="completed", success=True, confidence=8)
        executions.lay_out(made.pk, Plan(steps, "model", "as asked"))
        executions.advance(made.pk)
    return made


def step(
    key: str, *depends_on: str, agent: str = "communication", permits: tuple[str, ...] = ()
) -> PlannedStep:
    """Return a step of a plan; nobody takes communication's over."""
    return PlannedStep(key, agent, f"purpose of {key}", f"do {key}", depends_on, "asked for", permits)


AB = (step("a"), step("b", "a"))


class Agents:
    """What each agent does, by the purpose of the step: an error that it raises, or a result."""

    def __init__(self, monkeypatch: Any, **fails: str) -> None:
        self.fails, self.given = fails, {}
        for kind in ("communication", "analysis", "development", "quality", "monitoring"):
            monkeypatch.setattr(f"agents.roster.{kind}.execute", self._do)

    def _do(self, task: Any, bench: Any) -> Result:
        key = bench.step.key
        self.given[key] = task
        if key in self.fails:
            raise Gone(self.fails[key])
        return Result(success=True, output=f"result of {key}")


@pytest.fixture
def agents(tenant, monkeypatch):
    """Agents that do what they are told, but for the step a."""
    del tenant
    return Agents(monkeypatch, a="the sea is away")


def work(execution: Execution, key: str) -> None:
    """Work on one step, as a worker would."""
    orchestrator.run_step(execution.tenant_id, execution.steps.get(key=key).pk)


def states(execution: Execution) -> dict[str, str]:
    """Return the states of its steps, without those around the plan."""
    rows = execution.steps.exclude(key__in=["plan", "conclude"]).order_by("position")
    return dict(rows.values_list("key", "state"))


def waits(execution: Execution, key: str) -> list[str]:
    """Return what a step waits for."""
    return list(execution.steps.get(key=key).depends_on)


def told(execution: Execution, kind: str) -> list[dict[str, Any]]:
    """Return what its events of a kind say."""
    return [one["data"] for one in events_after(execution.pk, 0).events if one["kind"] == kind]


def died(execution: Execution, key: str) -> None:
    """Let the worker of a step be dead: its lease is over, and the step is due."""
    held = leases.claim(execution.tenant_id, execution.steps.get(key=key).pk)
    assert held
    Step.objects.filter(pk=held.step_id).update(state="ready", lease_until=None, lease_owner="")
