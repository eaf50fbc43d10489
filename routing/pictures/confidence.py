"""What was predicted against what happened: each answer's confidence beside the verdict of who is to be believed."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.expressions import OuterRef, Subquery
from django.db.models.functions import Coalesce

from miosa.pg.replica import may_lag
from routing.models import Outcome
from routing.pictures.period import Period
from routing.reliability.bins import Bin, reliability
from routing.reliability.scores import Brier, brier, ece

MOST_ROWS = 50_000  # the newest ones; more would not move a picture
EVERYBODY = "everybody"
BELIEVED = "believed"
SOURCES = ("feedback", "judge", "checks")
LABELS = (BELIEVED, *SOURCES)


@dataclass(frozen=True, slots=True)
class Standing:
    """How well one agent's (or everybody's) confidences are calibrated; agent "" are calls that no agent made."""

    agent: str
    n: int
    ece: float
    brier: Brier
    bins: list[Bin]


@may_lag
def standings(period: Period, tenant_id: UUID | None = None, *, label: str = BELIEVED) -> list[Standing]:
    """Return everybody's standing first, then each agent's by name; nothing where no answer has such a label.

    `label` says whose verdict is what happened: people's ("feedback"), the judge's, the checks', or "believed": the
    first of these three that spoke. Any other text counts as that.
    """
    pairs = [
        (agent, float(confidence) / 10, float(verdict))
        for agent, confidence, verdict in _rows(period, tenant_id, label)
    ]
    by_agent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for agent, chance, verdict in pairs:
        by_agent[agent].append((chance, verdict))
    everybody = [(chance, verdict) for _agent, chance, verdict in pairs]
    return [
        standing_of(agent, found)
        for agent, found in [(EVERYBODY, everybody), *sorted(by_agent.items())]
        if found
    ]


def standing_of(agent: str, pairs: Sequence[tuple[float, float]]) -> Standing:
    """Return the standing that (chance, verdict) pairs give, both 0 to 1; at least one pair."""
    chances, verdicts = [chance for chance, _verdict in pairs], [verdict for _chance, verdict in pairs]
    return Standing(
        agent, len(pairs), ece(chances, verdicts), brier(chances, verdicts), reliability(chances, verdicts)
    )


def _rows(period: Period, tenant_id: UUID | None, label: str) -> QuerySet[Outcome, tuple[str, float, float]]:
    """Agent, confidence 0 to 10 and verdict 0 to 1: a confidence stands on the word of the checks."""
    rows = Outcome.objects.filter(
        source=Outcome.Source.CHECKS, decision__created__gte=period.start, decision__created__lt=period.end
    )
    if tenant_id:
        rows = rows.filter(tenant_id=tenant_id)
    wanted = (label,) if label in SOURCES else SOURCES
    said = rows.annotate(said=Coalesce(*map(_said, wanted), None)).exclude(said=None)
    found: QuerySet[Outcome, tuple[str, float, float]] = said.order_by("-created").values_list(
        "decision__agent", "confidence", "said"
    )[:MOST_ROWS]
    return found


def _said(source: str) -> F | Subquery:
    """The verdict of one source on the same decision."""
    if source == Outcome.Source.CHECKS:
        return F("verdict")
    words = Outcome.objects.filter(
        tenant=OuterRef("tenant"), decision=OuterRef("decision"), source=source
    ).order_by()
    return Subquery(words.values("verdict"))
