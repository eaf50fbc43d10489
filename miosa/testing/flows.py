"""Run executions in a test's own process, against providers on real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from django.conf import settings

from agents import improvement, orchestrator
from agents.models import Execution, Lesson, Step
from routing import board, gateway, shared_health


@contextmanager
def providers(*, groq: str = "", kimi: str = "", local: str = "", embeddings: str = "") -> Iterator[None]:
    """Point each provider at a base URL; one without a URL is not set up."""
    before = settings.ENVIRONMENT
    settings.ENVIRONMENT = replace(
        before,
        groq_api_key="gsk_test" if groq else "",
        groq_base_url=groq or before.groq_base_url,
        kimi_api_key="sk-test" if kimi else "",
        kimi_base_url=kimi or before.kimi_base_url,
        local_model_url=local,
        embeddings_url=embeddings,
    )
    _anew()
    try:
        yield
    finally:
        settings.ENVIRONMENT = before
        _anew()


def run(execution: Execution) -> Execution:
    """Work on every step that becomes ready, and study every lesson, as workers would; return the execution anew."""
    waiting: list[UUID] = list(
        Step.objects.filter(execution=execution, state=Step.State.READY).values_list("pk", flat=True)
    )
    while waiting:
        followup = orchestrator.run_step(UUID(str(execution.tenant_id)), waiting.pop(0))
        waiting += followup.steps
        for lesson_id in followup.lessons:
            improvement.study(lesson_id)
    execution.refresh_from_db()
    return execution


def lessons_of(execution: Execution) -> list[Lesson]:
    """Return the lessons of an execution's steps."""
    return list(Lesson.objects.filter(step__execution=execution))


def _anew() -> None:
    for made in (gateway.attempts, gateway.embeddings):
        made.cache_clear()
    shared_health.forget()
    board.forget()
