"""Decisions of days gone by, for the tests of pictures: written as they would have been, without a model."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from routing.models import Decision, Outcome
from routing.pictures.period import Period, period
from routing.scoring.weights import NODES

NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
WEEK: Period = period("7d", now=NOON)


def ranked(**history: float) -> list[dict[str, Any]]:
    """Explained models by name, with the success that was expected of each; underscores stand for slashes."""
    return [
        {
            "model": model, "provider": "local", "total": 0.5, "bonus": 1.0,
            "nodes": [
                {"name": node.name, "weight": 0.15, "score": expected if node.name == "History" else 0.5,
                 "reason": "as was believed"}
                for node in NODES
            ],
        }
        for model, expected in history.items()
    ]  # fmt: skip


def decided(at: datetime = NOON, *, model: str = "fast", kind: str = "chat", **fields: Any) -> Decision:
    """Store a decision made at a moment."""
    stored: dict[str, Any] = {
        "mode": "balance", "requirement": {}, "ranked": ranked(fast=0.6, strong=0.9), "provider": "local",
        "why": "it leads", "propensity": 1.0, "scoreboard_version": "v",
    }  # fmt: skip
    made: Decision = Decision.objects.create(model=model, task_kind=kind, **(stored | fields))
    Decision.objects.filter(pk=made.pk).update(created=at)
    made.created = at
    return made


def said(
    decision: Decision,
    verdict: float,
    *,
    source: str = "checks",
    confidence: float | None = None,
    latency_ms: int = 0,
) -> Outcome:
    """Store what one source says; each is more believed than those that spoke before."""
    before = Outcome.objects.filter(decision=decision).order_by("-created").first()
    now = Decimal(str(verdict))
    made: Outcome = Outcome.objects.create(
        decision=decision, source=source, model=decision.model, task_kind=decision.task_kind, success=verdict >= 0.5,
        verdict=now, counts=0 if before else 1, credit=now - before.verdict if before else now,
        confidence=10 * verdict if confidence is None else confidence, latency_ms=latency_ms,
    )  # fmt: skip
    return made


def days_ago(count: int, at: datetime | None = None) -> datetime:
    """The same time of day, so many days earlier."""
    return (at or timezone.now()) - timedelta(days=count)
