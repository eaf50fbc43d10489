"""What confidences mean: the map from what checks and record say to how often it was right; the only writer of
Calibration.

People's word is the label, a stronger model's where people said nothing. The verdict of the checks themselves is
none: they made the confidence. Each agent has a map of its own; while labels are few it changes next to nothing.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from routing import verdicts
from routing.models import Calibration, Outcome
from routing.reliability import platt, scores
from routing.reliability.platt import IDENTITY, Platt
from tenants.owned import current_tenant_id

FULL = 10.0  # confidences go from 0 to 10
LEAST_LABELS = 20
MOST_LABELS = 20_000  # the newest
HELD_S = 30.0
SAME = 1e-3  # a map that moves no coefficient by more is the one that holds already


class Labelled(NamedTuple):
    """A confidence (0 to 1) as checks and record gave it, and what was said of the answer (0 to 1), by whom."""

    agent: str
    confidence: float
    happened: float
    source: str
    decision_id: UUID


_held: dict[UUID | None, tuple[float, dict[str, Platt]]] = {}


def calibrated(agent: str, confidence: float) -> float:
    """Return a confidence of 0 to 10 as the agent's map puts it right."""
    found = _maps().get(agent, IDENTITY)
    return confidence if found == IDENTITY else round(FULL * found.calibrated(confidence / FULL), 2)


def labelled(
    *, since: datetime | None = None, sources: Iterable[str] = ("feedback", "judge")
) -> list[Labelled]:
    """Return the current tenant's labelled confidences, oldest first; of several labels the most believed counts."""
    said: dict[UUID, list[Outcome]] = defaultdict(list)
    labels = Outcome.objects.filter(source__in=list(sources))
    if since:
        labels = labels.filter(created__gte=since)
    for outcome in labels.order_by("-id")[:MOST_LABELS]:
        said[outcome.decision_id].append(outcome)
    checked = (
        Outcome.objects.filter(source=Outcome.Source.CHECKS, decision_id__in=list(said))
        .order_by("id")
        .values_list("decision_id", "decision__agent", "confidence")
    )
    found = []
    for decision_id, agent, confidence in checked:
        held = verdicts.standing(said[decision_id])
        found.append(Labelled(agent, float(confidence) / FULL, float(held.verdict), held.source, decision_id))
    return found


@transaction.atomic
def relearn() -> list[Calibration]:
    """Fit the current tenant's maps anew and store those that changed."""
    by_agent: dict[str, list[Labelled]] = defaultdict(list)
    for one in labelled():
        by_agent[one.agent].append(one)
    stored = []
    for agent, rows in sorted(by_agent.items()):
        if len(rows) >= LEAST_LABELS and (row := _fitted(agent, rows)):
            row.save()
            stored.append(row)
    if stored:
        transaction.on_commit(forget)
    return stored


def forget() -> None:
    """Make the current tenant's next confidence read the maps anew."""
    _held.pop(current_tenant_id(), None)


def _fitted(agent: str, rows: list[Labelled]) -> Calibration | None:
    """The agent's new map, or None where it is the one that holds; the scores `after` are of rows not fitted on."""
    told, happened = [row.confidence for row in rows], [row.happened for row in rows]
    unseen = _cross_fitted(rows)
    better = scores.brier(unseen, happened).score < scores.brier(told, happened).score
    found = platt.fit(told, happened) if better else IDENTITY
    held = _maps().get(agent, IDENTITY)
    if max(abs(found.shift - held.shift), abs(found.slope - held.slope)) < SAME:
        return None
    after = unseen if better else told
    return Calibration(
        agent=agent,
        intercept=found.shift,
        slope=found.slope,
        labels=len(rows),
        ece_before=scores.ece(told, happened),
        ece_after=scores.ece(after, happened),
        brier_before=scores.brier(told, happened).score,
        brier_after=scores.brier(after, happened).score,
    )


def _cross_fitted(rows: list[Labelled]) -> list[float]:
    """Each row's confidence by the map that the other half makes."""
    halves = [row.decision_id.int % 2 for row in rows]
    maps = []
    for half in (0, 1):
        others = [row for row, own in zip(rows, halves, strict=True) if own != half]
        maps.append(platt.fit([row.confidence for row in others], [row.happened for row in others]))
    return [maps[half].calibrated(row.confidence) for row, half in zip(rows, halves, strict=True)]


def _maps() -> dict[str, Platt]:
    tenant_id = current_tenant_id()
    held = _held.get(tenant_id)
    if held is None or time.monotonic() - held[0] >= HELD_S:
        newest = Calibration.objects.order_by("agent", "-created", "-id").distinct("agent")
        held = (time.monotonic(), {row.agent: Platt(row.intercept, row.slope) for row in newest})
        _held[tenant_id] = held
    return held[1]
