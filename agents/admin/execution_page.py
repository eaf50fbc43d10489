"""What the page of one execution shows: its figures, its steps on one line of time, and what happened in order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from agents import artefacts, below
from agents.models import Execution, ExecutionEvent, Step
from billing.money import format_usd
from deployments import approvals
from miosa.pages.cells import NONE, badge, between, confidence, duration
from tenants.named import named

MOST_EVENTS = 200


def page_of(execution: Execution) -> dict[str, Any]:
    """Return the context of its page."""
    steps = list(Step.objects.filter(execution_id=execution.pk).order_by("position"))
    events = ExecutionEvent.objects.filter(execution_id=execution.pk).order_by("number")[:MOST_EVENTS]
    start, end = _span(execution, steps)
    with_below = below.used_with_below(execution)
    return {
        "execution": execution,
        "state": badge(execution.state),
        "by": named(execution.requested_by),
        "confidence": confidence(execution.confidence),
        "cost": format_usd(execution.cost_micros),
        "ceiling": format_usd(execution.ceiling_micros),
        "with_below": with_below,
        "cost_with_below": format_usd(with_below.cost_micros),
        "took": between(execution.started, execution.finished),
        "tokens": sum(step.tokens for step in steps),
        "calls": sum(step.calls for step in steps),
        "files": artefacts.newest(execution.pk),
        "below": below.right_below(execution),
        "asked": approvals.pending().filter(execution_id=execution.pk),
        "steps": [_shown(step, start, end) for step in steps],
        "events": [{"number": e.number, "kind": e.kind, "at": e.created, "told": _told(e)} for e in events],
    }


def evidence_of(step: Step) -> list[dict[str, Any]]:
    """Return what the verifiers found, as the page draws it; odd rows are shown as they are."""
    return [
        {
            "check": found.get("check", found) if isinstance(found, dict) else found,
            "passed": bool(isinstance(found, dict) and found.get("passed")),
            "weight": found.get("weight") if isinstance(found, dict) else None,
            "detail": found.get("detail", "") if isinstance(found, dict) else "",
        }
        for found in step.evidence
    ]


def _shown(step: Step, start: datetime, end: datetime) -> dict[str, Any]:
    left, width = _place(step, start, end)
    return {
        "row": step,
        "state": badge(step.state, hint=step.get_state_display()),
        "confidence": confidence(step.confidence),
        "cost": format_usd(step.cost_micros),
        "took": duration(step.execution_ms)
        if step.execution_ms is not None
        else between(step.started, step.finished),
        "evidence": evidence_of(step),
        "passed": sum(1 for found in evidence_of(step) if found["passed"]),
        "left": left,
        "width": width,
        "waits_for": ", ".join(step.depends_on) or NONE,
    }


def _span(execution: Execution, steps: Sequence[Step]) -> tuple[datetime, datetime]:
    starts = [step.started for step in steps if step.started]
    ends = [step.finished or timezone.now() for step in steps if step.started]
    return min(starts, default=execution.created), max(ends, default=execution.created)


def _place(step: Step, start: datetime, end: datetime) -> tuple[str, str]:
    """Return where the step's bar begins and how long it is, in per cent of the whole."""
    whole = (end - start).total_seconds()
    if step.started is None or whole <= 0:
        return "0", "0"
    left = (step.started - start).total_seconds() / whole
    width = ((step.finished or timezone.now()) - step.started).total_seconds() / whole
    return f"{100 * left:.2f}", f"{max(0.6, 100 * width):.2f}"


def _told(event: ExecutionEvent) -> str:
    words = [f"{name}: {value}" for name, value in event.data.items() if isinstance(value, str | int | float)]
    return " · ".join(words)
