"""Decisions made again from what they were made from, and held against what was stored, bit for bit."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from routing.choice import Choice
from routing.entry import Entry
from routing.errors import RoutingProblem
from routing.knowledge import NotKept, recalled
from routing.models import Decision
from routing.requirement import Requirement
from routing.scoreboard import Scoreboard

CHUNK = 500  # rows of decisions in memory
# What a stored oddity raises on the way to a choice: it is told, and the other decisions are still compared.
ODD = (RoutingProblem, LookupError, ValueError, TypeError)
COMPARED = (
    "task_kind", "mode", "model", "provider", "ranked", "order", "why", "propensity", "draw", "scoreboard_version",
)  # fmt: skip


class Field(NamedTuple):
    """What was stored and what came out this time, as JSON."""

    name: str
    stored: str
    again: str


class Different(NamedTuple):
    """A decision that came out otherwise; `reason` says why nothing came out, where nothing did."""

    decision_id: UUID
    fields: tuple[Field, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """`total` decisions: `exact` ones came out bit for bit, `different` did not, and the rest is too old to know.

    `not_kept` are those whose knowledge is not kept: nothing is claimed of them.
    """

    total: int
    exact: int
    different: tuple[Different, ...]
    not_kept: tuple[UUID, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing came out otherwise."""
        return not self.different


class Recalled(NamedTuple):
    """A decision with the board it was made on; None where that is not kept, or cannot be made again: then `reason`."""

    decision: Decision
    board: Scoreboard | None
    reason: str = ""


def remade(decision: Decision, board: Scoreboard | None = None) -> Choice:
    """Return the choice made again, on the board of its version.

    Raises:
        NotKept: what it was made from is not there any more.
        NoCandidate, LookupError: what is kept does not lead to a choice: it is not what was decided on.
    """
    here = board or Scoreboard.of(recalled(decision.scoreboard_version))
    return here.again(Requirement.from_json(decision.requirement), decision.draw, shifts=_shifts(decision))


def entry_on(board: Scoreboard, decision: Decision) -> Entry:
    """Return what a board answers to the question of a decision, with what its prompt had told. Raises as `remade`."""
    requirement, shifts = Requirement.from_json(decision.requirement), _shifts(decision)
    return board.prompted(requirement, shifts) if shifts else board.entry(requirement)


def as_stored(decision: Decision) -> Choice:
    """Return the choice as it stands in the decision's row."""
    stored = {
        field.name: getattr(decision, field.name) for field in fields(Choice) if field.name != "explored"
    }
    return Choice.from_json({**stored, "explored": decision.model != decision.ranked[0]["model"]})


def replayed(since: datetime, until: datetime | None = None) -> Replay:
    """Make every decision of the current tenant from `since` (until before `until`) again and compare it."""
    total, exact = 0, 0
    different: list[Different] = []
    not_kept: list[UUID] = []
    for one in on_their_boards(decided_between(since, until)):
        total += 1
        if one.board is None and not one.reason:
            not_kept.append(one.decision.pk)
            continue
        found = _told(one)
        if found is None:
            exact += 1
        else:
            different.append(found)
    return Replay(total, exact, tuple(different), tuple(not_kept))


def compared(decision: Decision, board: Scoreboard) -> Different | None:
    """Return how a decision differs from the one made again on its board; None where no bit does."""
    try:
        again = remade(decision, board)
    except ODD as error:
        return Different(decision.pk, (), f"{type(error).__name__}: {error}")
    content = again.as_json()
    pairs = ((name, _exactly(getattr(decision, name)), _exactly(content[name])) for name in COMPARED)
    unlike = tuple(Field(name, stored, now) for name, stored, now in pairs if stored != now)
    return Different(decision.pk, unlike) if unlike else None


def decided_between(since: datetime, until: datetime | None = None) -> QuerySet[Decision]:
    """Return the current tenant's decisions of a span of time."""
    rows: QuerySet[Decision] = Decision.objects.filter(created__gte=since)
    return rows if until is None else rows.filter(created__lt=until)


def on_their_boards(rows: QuerySet[Decision]) -> Iterator[Recalled]:
    """Yield decisions in the order of their versions, so that one board at a time is held, made once for all of them."""
    version: str | None = None
    board, reason = None, ""
    for decision in rows.order_by("scoreboard_version", "id").iterator(chunk_size=CHUNK):
        if decision.scoreboard_version != version:
            version = decision.scoreboard_version
            board, reason = _board(version)
        yield Recalled(decision, board, reason)


def _board(version: str) -> tuple[Scoreboard | None, str]:
    try:
        return Scoreboard.of(recalled(version)), ""
    except NotKept:
        return None, ""
    except ODD as error:
        return None, f"{type(error).__name__}: {error}"


def _shifts(decision: Decision) -> Mapping[str, float] | None:
    return decision.prompt["shifts"] if decision.prompt else None


def _told(one: Recalled) -> Different | None:
    return compared(one.decision, one.board) if one.board else Different(one.decision.pk, (), one.reason)


def _exactly(value: Any) -> str:
    """JSON with the names in one order; it writes a float as `repr` does, so that no bit is lost."""
    return json.dumps(value, sort_keys=True)
