"""A tenant's past for the tests: decisions with outcomes, in bulk or one by one through the product's own door."""

from collections.abc import Iterable

from uuid_utils.compat import uuid7

from routing import board, verdicts
from routing.models import Decision, Outcome


def decisions(
    count: int, model: str, *, task_kind: str = "chat", topic: str = "", version: str = "v"
) -> list[Decision]:
    """Decisions for a model, answered by it."""
    return Decision.objects.bulk_create(
        Decision(
            id=uuid7(), task_kind=task_kind, topic=topic, mode="balance", requirement={}, ranked=[], model=model,
            provider="groq", answered_by=model, why="", propensity=1.0, scoreboard_version=version, agent="quality",
        )
        for _ in range(count)
    )  # fmt: skip


def past(
    model: str, verdicts_: Iterable[float], *, task_kind: str = "chat", topic: str = ""
) -> list[Decision]:
    """Outcomes by checks, stored as they would be, without the reviews that each one has."""
    said = list(verdicts_)
    made = decisions(len(said), model, task_kind=task_kind, topic=topic)
    Outcome.objects.bulk_create(
        Outcome(
            decision=decision, model=model, task_kind=task_kind, topic=topic, success=verdict >= 0.5,
            verdict=verdict, credit=verdict, confidence=10 * verdict,
        )
        for decision, verdict in zip(made, said, strict=True)
    )  # fmt: skip
    board.forget()
    return made


def lives(
    model: str, verdicts_: Iterable[bool], *, task_kind: str = "chat", topic: str = ""
) -> list[Decision]:
    """The same one after the other, each reviewed as in the product."""
    said = list(verdicts_)
    made = decisions(len(said), model, task_kind=task_kind, topic=topic)
    for decision, success in zip(made, said, strict=True):
        verdicts.checked(decision.pk, success=success, confidence=9.0 if success else 2.0)
        board.forget()
    return made
