"""Calls of one tenant as rows: decisions with their tries, and the ledger, in one transaction."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing import ledger
from routing import outcomes
from routing.attempt_record import AttemptRecord
from routing.choice import Choice
from routing.decided import Decided
from routing.front_door.reading import Ended
from routing.knowledge import recalled
from routing.outcomes import Taken
from routing.requirement import Requirement
from routing.scoreboard import Scoreboard
from tenants.task_scope import task_scope

MOST_BOARDS = 64
_boards: "OrderedDict[tuple[UUID, str], Scoreboard]" = OrderedDict()


def post(tenant_id: UUID, calls: Sequence[Ended]) -> None:
    """Write calls; those that are there already are left alone. Raises Tenant.DoesNotExist."""
    with task_scope(tenant_id), transaction.atomic():
        taken = [_taken(tenant_id, call) for call in calls]
        rows = outcomes.record_all(taken)
        ledger.post_all([fact for row in rows for fact in outcomes.facts_of(row)])


def _taken(tenant_id: UUID, call: Ended) -> Taken:
    begun, ended = call
    board = _board(tenant_id, begun["version"])
    requirement = Requirement.from_json(begun["need"])
    choice: Choice = board.again(requirement, begun["draw"])
    tries = tuple(
        AttemptRecord(
            model=model, provider=provider, ok=ok, status=status, error=error, input_tokens=read, cached_tokens=cached,
            output_tokens=written, estimated=estimated, latency_ms=latency_ms, first_token_ms=first_ms,
            started_at=datetime.fromisoformat(at),
        )
        for model, provider, ok, status, error, read, cached, written, estimated, latency_ms, first_ms, at, _
        in ended["tries"]
    )  # fmt: skip
    return Taken(
        decided=Decided(UUID(begun["id"]), requirement, choice, board.known),
        attempts=tries,
        finish_reason=ended["finish"],
        costs=tuple(tried[-1] for tried in ended["tries"]),
        details={"key_id": begun["key"]} if begun["key"] else {},
    )


def _board(tenant_id: UUID, version: str) -> Scoreboard:
    """Return the board that a call was decided on, made again from what was kept of it."""
    mark = (tenant_id, version)
    found = _boards.get(mark)
    if found is None:
        found = _boards[mark] = Scoreboard.of(recalled(version))
        while len(_boards) > MOST_BOARDS:
            _boards.popitem(last=False)
    return found
