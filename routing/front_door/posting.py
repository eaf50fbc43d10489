"""Calls of one tenant as rows: decisions with their tries, and the ledger, in one transaction."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from billing import ledger
from billing.money import format_usd
from routing import cached_answers, outcomes
from routing.attempt_record import AttemptRecord
from routing.choice import Choice
from routing.decided import Decided
from routing.front_door.reading import ALONE, Ended, Line
from routing.knowledge import recalled
from routing.outcomes import Taken
from routing.requirement import Requirement
from routing.scoreboard import Scoreboard
from tenants.task_scope import task_scope

MOST_BOARDS = 64
_boards: "OrderedDict[tuple[UUID, str], Scoreboard]" = OrderedDict()


def post(tenant_id: UUID, calls: Sequence[Ended]) -> None:
    """Write calls; those that are there already are left alone. Raises Tenant.DoesNotExist."""
    alone = [call.begun for call in calls if call.begun["kind"] in ALONE]
    calls = [call for call in calls if call.begun["kind"] not in ALONE]
    with task_scope(tenant_id), transaction.atomic():
        ledger.post_all([FACTS[line["kind"]](line) for line in alone])
        taken = [_taken(tenant_id, call) for call in calls]
        rows = outcomes.record_all(taken)
        for call in calls:
            _store(call)
        ledger.post_all([fact for row in rows for fact in outcomes.facts_of(row)])


def _store(call: Ended) -> None:
    bodies = call.ended.get("bodies")
    if bodies:
        cached_answers.store(
            UUID(call.begun["id"]),
            bodies["request"],
            bodies["answer"],
            redacted=bodies["redacted"],
            days=bodies["days"],
        )


def _hit(line: Line) -> ledger.Fact:
    """An answer from the cache: nothing was used, and the ledger says what that saved."""
    return ledger.Fact(
        "tokens",
        0,
        0,
        "cache_hit",
        line["id"],
        model=line["model"],
        agent=outcomes.GATEWAY,
        description=f"{line['model']}: answered from the {line['how']} cache, {format_usd(line['saved'])} saved",
        details={
            "cache": line["how"], "saved_micros": line["saved"], "saved_tokens": line["tokens"], "key_id": line["key"],
        },
        occurred_at=datetime.fromisoformat(line["at"]),
    )  # fmt: skip


def _vectors(line: Line) -> ledger.Fact:
    """Texts that were embedded: the embeddings server is the operator's own, so nothing is charged."""
    return ledger.Fact(
        "tokens",
        line["tokens"],
        0,
        "embedding",
        line["id"],
        tokens=ledger.Tokens(line["tokens"], 0, 0),
        model=line["model"],
        agent=outcomes.GATEWAY,
        description=f"{line['model']}: {line['tokens']} tokens embedded",
        details={"key_id": line["key"], "estimated": line["estimated"]},
        occurred_at=datetime.fromisoformat(line["at"]),
    )


FACTS = {"hit": _hit, "vectors": _vectors}  # what the ledger is told of a line that stands alone


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
