"""What a step takes adds up over its attempts, counts for the ceilings, and an agent's own error leaves one lesson."""

from dataclasses import replace

import pytest
from django.conf import settings
from django.contrib.postgres.functions import TransactionNow

from agents import (
    control,
    improvement,
    improvement_told,
    leases,
    orchestrator,
    submission,
)
from agents.contract import ModelUnavailable, NotYet, Result
from agents.models import Lesson, Step
from agents.taking import taken
from billing.models import LedgerEntry
from miosa.http.problem import Conflict, PaymentRequired, Unprocessable
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

USAGE = {"prompt_tokens": 20, "completion_tokens": 10}


@pytest.fixture
def wire(tenant):
    """A provider that answers in thirty tokens, and one of whose models costs."""
    with WireServer(lambda asked: Reply(text="The sea.", usage=USAGE)) as server:
        with providers(groq=server.url, embeddings=server.url.removesuffix("/v1")):
            yield server


class Agent:
    """Asks once in each attempt, then does the next of what it was told: raise an error, or return a result."""

    def __init__(self, monkeypatch, *ends):
        self.ends = list(ends)
        monkeypatch.setattr("agents.roster.communication.execute", self)

    def __call__(self, task, bench):
        bench.ask("What is the sea?", system="Say it.")
        end = self.ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        return end


DONE = Result(success=True, output="The sea.")


def at_work(execution=None):
    """Return the step of communication, whose turn it is."""
    execution = execution or submission.submit("What is the sea?", requested_by="user:test")
    orchestrator.run_step(execution.tenant_id, execution.steps.get(key="plan").pk)
    return execution.steps.get(agent="communication")


def attempt(step):
    """Let a worker take the step as if its time had come; return the row and what followed."""
    Step.objects.filter(pk=step.pk, state="ready").update(run_after=TransactionNow())
    followup = orchestrator.run_step(step.tenant_id, step.pk)
    step.refresh_from_db()
    return step, followup


def charged(step):
    """Return (calls, tokens, cost) of the step as the ledger has them."""
    rows = LedgerEntry.objects.filter(execution_id=step.execution_id, meter="tokens", agent=step.agent)
    return len(rows), sum(row.quantity for row in rows), sum(row.cost_micros for row in rows)


def lessons_of(step):
    return list(Lesson.objects.filter(step=step))


def counted(step):
    return step.calls, step.tokens, step.cost_micros


@pytest.mark.parametrize("last", [RuntimeError("broken"), DONE, Unprocessable("no")])
def test_every_attempt_counts(wire, monkeypatch, last):
    """A retry, a wait and the end: the row says what the ledger says, whatever comes of it."""
    Agent(monkeypatch, RuntimeError("broken"), NotYet(0.1, "waits"), RuntimeError("broken"), last)
    step = at_work()
    for number in (1, 2, 3, 4):
        step, _ = attempt(step)
        assert counted(step) == charged(step)
        assert counted(step)[:2] == (number, 30 * number)
    assert step.cost_micros > 0
    assert step.state == ("completed" if last is DONE else "failed")
    assert step.execution_ms is not None


def test_what_a_dead_worker_asked_counts(wire, monkeypatch):
    """It wrote nothing into the row; the calls know."""
    Agent(monkeypatch, DONE)
    step = at_work()
    bench = taken(step.tenant_id, step.pk)
    bench.ask("What is the sea?", system="Say it.")
    Step.objects.filter(pk=step.pk).update(state="ready", lease_until=None, lease_owner="")
    step, _ = attempt(step)
    assert counted(step) == charged(step)
    assert (step.calls, step.tokens) == (2, 60)


def test_what_failed_attempts_took_counts_for_the_ceiling(wire, monkeypatch):
    """A step that fails again and again is a runaway too."""
    Agent(monkeypatch, RuntimeError("broken"), RuntimeError("broken"), DONE)
    step = at_work()
    before, planned = settings.ENVIRONMENT, step.execution.steps.get(key="plan").tokens
    settings.ENVIRONMENT = replace(before, execution_tokens=planned + 59)
    try:
        states = [attempt(step)[0].state for _ in range(3)]
    finally:
        settings.ENVIRONMENT = before
    assert (states, step.cause, step.calls) == (["ready", "ready", "failed"], "tokens", 2)
    assert f"{planned + 60} tokens are used, and {planned + 59} allowed" in step.error


def test_a_step_tried_again_counts_as_another(wire, monkeypatch):
    """The ceiling of steps is one of tries."""
    Agent(monkeypatch, RuntimeError("broken"), DONE)
    step = at_work()
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(before, execution_steps=step.execution.steps.count())
    try:
        attempt(step)
        step, _ = attempt(step)
    finally:
        settings.ENVIRONMENT = before
    assert (step.state, step.cause) == ("failed", "steps")


def test_an_error_of_its_own_leaves_one_lesson(wire, monkeypatch):
    """Without a confidence that nobody measured, with the error, how often it happens, and where to look."""
    Agent(monkeypatch, *[RuntimeError("broken")] * 3)
    step = at_work()
    followed = [attempt(step)[1].lessons for _ in range(3)]
    lesson = Lesson.objects.get(step=step)
    assert followed == [[], [], [lesson.pk]]
    assert improvement.queue(step) is None
    improvement.study(lesson.pk)
    lesson.refresh_from_db()
    assert (lesson.step_id, lesson.confidence, lesson.state) == (step.pk, None, "studied")
    assert lesson.cause.startswith(
        "The step ended with an error: communication broke off (RuntimeError). A retry may do"
    )
    assert "1 of the last 1 steps of communication ended in an error" in lesson.proposal
    assert f"step {step.key} of {step.execution_id}" in lesson.proposal
    assert lesson.evidence["proposal"] is None
    assert improvement_told.shown_lessons([lesson]).row_count == 1


def test_what_is_handed_in_and_not_taken_leaves_a_lesson(wire, monkeypatch):
    """A 422 is about what the agent made."""
    Agent(monkeypatch, Unprocessable("This path is not taken."))
    step, followup = attempt(at_work())
    assert (step.state, len(followup.lessons)) == ("failed", 1)


@pytest.mark.parametrize(
    "error",
    [PaymentRequired("no money"), ModelUnavailable("away", retryable=False), Conflict("a state forbids it")],
)
def test_what_others_cause_leaves_none(wire, monkeypatch, error):
    """Money, a provider that is away, a state of the world: nothing about the agent."""
    Agent(monkeypatch, error)
    step, followup = attempt(at_work())
    assert (step.state, followup.lessons, lessons_of(step)) == ("failed", [], [])
    assert step.calls == 1


def test_a_plan_that_breaks_leaves_a_lesson(wire, monkeypatch):
    """The leader's own error ends the execution, and is learned from like any other."""
    monkeypatch.setattr("agents.part.plan", None)
    execution = submission.submit("What is the sea?", requested_by="user:test")
    step = execution.steps.get(key="plan")
    lessons = [attempt(step)[1].lessons for _ in range(3)][-1]
    execution.refresh_from_db()
    assert (execution.state, lessons) == ("failed", [Lesson.objects.get(step=step).pk])


def test_cancelled_and_dead_leave_none(wire, monkeypatch):
    """Nobody knows whether the agent would have done it."""
    Agent(monkeypatch, DONE)
    step = at_work()
    Step.objects.filter(pk=step.pk).update(attempt=leases.MAX_ATTEMPTS)
    assert attempt(step)[0].state == "failed"
    other = at_work()
    control.cancel(other.execution_id)
    assert lessons_of(step) == lessons_of(other) == []
