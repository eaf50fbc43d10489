"""What other weights, models or rules would have brought the current tenant: estimated from its own log, or refused.

Each logged decision is put to two boards: the one it was made on, and the same knowledge under the proposal. Both
tell with which chances they choose each model; how the decision turned out does the rest (`routing.offpolicy`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from routing.catalog import Catalog
from routing.entry import Entry
from routing.known import Known
from routing.models import Decision
from routing.offpolicy.log import LoggedChoice
from routing.offpolicy.what_if import WhatIf
from routing.offpolicy.what_if import what_if as estimated
from routing.replay import ODD, decided_between, entry_on, on_their_boards
from routing.requirement import area_of
from routing.rules import Rules
from routing.scoreboard import Scoreboard
from routing.scoring.weights import SIX_NODES, WeightSet
from routing.verdicts import SOURCES

MOST_PREVIEWED = 500
EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """What shall be otherwise; what is None or empty stays as it was at each decision.

    `without` are models left out, `providers` ones within reach in addition. `exploring` False: always the best.
    """

    weights: WeightSet | None = None
    without: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    rules: Rules | None = None
    exploring: bool = True

    def applied(self, known: Known) -> Known:
        """The same knowledge under the proposal."""
        rules = self.rules or known.rules
        return replace(
            known,
            catalog=_left(known.catalog, self.without) if self.without else known.catalog,
            weights=self.weights or known.weights,
            rules=rules if self.exploring else replace(rules, draws=0),
            providers=known.providers | self.providers,
        )


class Answer(NamedTuple):
    """`decisions` of one kind of task, or of all; of so many the best by the rules is `changed`.

    `logged` estimates what was, `target` what would have been, on the same decisions: value (0 to 1), cost_micros and
    latency_ms of one decision, each with its intervals or refused. `target`'s `difference` is target minus logged.
    """

    decisions: int
    changed: int
    logged: WhatIf
    target: WhatIf


@dataclass(frozen=True, slots=True)
class Told:
    """`left_out` decisions cannot be put to the proposal: their knowledge is not kept or does not give their choice
    again, or the proposal leaves no model for them.
    """

    whole: Answer
    by_kind: Mapping[str, Answer]
    left_out: int


class Example(NamedTuple):
    """One decision that would change."""

    decision_id: UUID
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """How the rules alone, nothing explored, would decide again.

    `by_model` has for each model the number of decisions before and after; `examples` are at most EXAMPLES.
    """

    total: int
    changed: int
    examples: tuple[Example, ...]
    by_model: Mapping[str, tuple[int, int]]
    left_out: int


class _Pair(NamedTuple):
    """One decision with both answers to its question."""

    decision: Decision
    before: Entry
    after: Entry

    @property
    def changed(self) -> bool:
        return self.before.best.model != self.after.best.model


def what_if(proposal: Proposal, *, since: datetime, until: datetime | None = None) -> Told:
    """Estimate what the proposal would have brought the current tenant's decisions of a span of time.

    Decisions that shared another's selection are no draws of their own, and are not looked at.
    """
    rows = decided_between(since, until).filter(shared_from__isnull=True)
    logged: list[LoggedChoice] = []
    places: dict[str, list[int]] = {}
    changed: list[bool] = []
    left_out = 0
    for pair in _pairs(rows.prefetch_related("outcomes", "calls"), proposal):
        if pair is None or pair.decision.model not in pair.before.chances:
            left_out += 1
            continue
        places.setdefault(pair.decision.task_kind, []).append(len(logged))
        logged.append(_logged(pair))
        changed.append(pair.changed)

    def answer(numbers: Sequence[int]) -> Answer:
        here = [logged[number] for number in numbers]
        as_it_was = [replace(row, target=row.propensities) for row in here]
        return Answer(
            len(here), sum(changed[number] for number in numbers), estimated(as_it_was), estimated(here)
        )

    by_kind = {kind: answer(numbers) for kind, numbers in sorted(places.items())}
    return Told(answer(range(len(logged))), by_kind, left_out)


def changed(
    weights: WeightSet | None,
    *,
    since: datetime,
    until: datetime | None = None,
    limit: int = MOST_PREVIEWED,
) -> Preview:
    """Return how the newest `limit` decisions of a span of time would change under other weights (None: the product's)."""
    newest = decided_between(since, until).order_by("-created").values_list("pk", flat=True)[:limit]
    rows = Decision.objects.filter(pk__in=list(newest))
    before, after = Counter[str](), Counter[str]()
    examples: list[Example] = []
    left_out = 0
    for pair in _pairs(rows, Proposal(weights=weights or SIX_NODES), drawing=False):
        if pair is None:
            left_out += 1
            continue
        before[pair.before.best.model] += 1
        after[pair.after.best.model] += 1
        if pair.changed:
            examples.append(Example(pair.decision.pk, pair.before.best.model, pair.after.best.model))
    return Preview(
        total=before.total(),
        changed=len(examples),
        examples=tuple(sorted(examples, reverse=True)[:EXAMPLES]),
        by_model={model: (before[model], after[model]) for model in sorted({*before, *after})},
        left_out=left_out,
    )


def _pairs(rows: QuerySet[Decision], proposal: Proposal, *, drawing: bool = True) -> Iterator[_Pair | None]:
    """Each decision with both answers; None where there are no two. Without `drawing` nobody asks for chances."""
    version, before, after = "", None, None
    for decision, board, _reason in on_their_boards(rows):
        if board is None:
            yield None
            continue
        if board.version != version or before is None or after is None:
            known = (
                board.known if drawing else replace(board.known, rules=replace(board.known.rules, draws=0))
            )
            version, before, after = (
                board.version,
                Scoreboard.of(known),
                Scoreboard.of(proposal.applied(known)),
            )
        try:
            yield _Pair(decision, entry_on(before, decision), entry_on(after, decision))
        except ODD:
            yield None


def _logged(pair: _Pair) -> LoggedChoice:
    decision = pair.decision
    standing = max(decision.outcomes.all(), key=lambda row: SOURCES.index(row.source), default=None)
    call = next((call for call in decision.calls.all() if call.winner), None)
    drawn = decision.draw is not None  # else nobody could be chosen but the best, and so under the proposal
    return LoggedChoice(
        chosen=decision.model,
        propensities=pair.before.chances if drawn else {decision.model: 1.0},
        target=pair.after.chances if drawn else {pair.after.best.model: 1.0},
        area=area_of(decision.task_kind, decision.topic),
        reward=float(standing.verdict) if standing else None,
        cost_micros=call.cost_micros if call else None,
        latency_ms=call.latency_ms if call else None,
    )


def _left(catalog: Catalog, without: frozenset[str]) -> Catalog:
    """The catalogue without some models, and without the other names, which may have led there."""
    return Catalog(catalog.providers, tuple(model for model in catalog.models if model.id not in without))
