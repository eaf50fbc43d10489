"""What steps did with tools; the only writer of ToolUse.

A use is written before it happens and ended after it. A step that is done anew finds what it did: its rounds are read
back, an ended use is not repeated, and one that had begun is begun again under the same id, which is its key outside.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agents.below import roots_request
from agents.contract.tools import Returned, Turn, Use
from agents.models import Execution, Step, ToolUse
from agents.storable import storable

State = ToolUse.State
ENDED = frozenset({State.DONE, State.FAILED, State.REFUSED})
MOST_OUTPUT = 200_000  # characters in a row
TOOLBOX = "the toolbox"  # the origin of what no tool returned: a refusal, or what is wrong with the arguments


def open_round(step: Step, said: str, uses: Sequence[Use]) -> list[ToolUse]:
    """Write what an agent asks for together, as the next round of its step."""
    with transaction.atomic():
        last = (
            ToolUse.objects.filter(step_id=step.pk).order_by("-round").values_list("round", flat=True).first()
        )
        rows = [
            ToolUse(
                execution_id=step.execution_id,
                step_id=step.pk,
                round=1 if last is None else last + 1,
                place=place,
                call_id=use.id[:120],
                said=storable(said) if not place else "",
                tool=use.tool[:120],
                arguments=None if use.arguments is None else storable(dict(use.arguments)),
            )
            for place, use in enumerate(uses)
        ]
        return list(ToolUse.objects.bulk_create(rows))


def of_step(step_id: UUID) -> list[list[ToolUse]]:
    """Return the uses of a step of the current tenant, round by round."""
    rounds: dict[int, list[ToolUse]] = {}
    for row in ToolUse.objects.filter(step_id=step_id).order_by("round", "place"):
        rounds.setdefault(row.round, []).append(row)
    return list(rounds.values())


def was_seen(execution: Execution, text: str, *, brings_in: Callable[[str], bool]) -> bool:
    """Tell whether a text stands, letter by letter, in what was asked, or in what a tool that brings something in returned.

    What an agent can write itself shows nothing: not what other tools return (its own files, its code's output), nor a
    text that is only said back to it, by a refusal or because it stood in the arguments.
    """
    if not text or text in roots_request(execution):
        return bool(text)
    rows = ToolUse.objects.filter(execution_id=execution.pk, state__in=(State.DONE, State.FAILED))
    found = rows.filter(output__contains=text).exclude(origin=TOOLBOX).values_list("tool", "arguments")
    return any(brings_in(tool) and text not in json.dumps(asked, ensure_ascii=False) for tool, asked in found)


def waits(row: ToolUse, *, effect: str) -> None:
    """Note that a use waits for a person."""
    row.state, row.effect = State.ASKED, effect
    row.save(update_fields=["state", "effect"])


def answered(row: ToolUse, approval_id: UUID) -> None:
    """Note which approval it was."""
    row.approval_id = approval_id
    row.save(update_fields=["approval_id"])


def begin(row: ToolUse, *, effect: str) -> None:
    """Note that a use begins now."""
    row.state, row.effect = State.RUNNING, effect
    row.save(update_fields=["state", "effect"])


def end(row: ToolUse, returned: Returned, *, took_ms: int | None, refused: bool = False) -> None:
    """Record what a use returned, once."""
    row.state = State.REFUSED if refused else State.DONE if returned.ok else State.FAILED
    row.output = str(storable(returned.text))[:MOST_OUTPUT]
    row.data, row.files = storable(dict(returned.data)), dict(returned.files)
    row.origin, row.took_ms, row.finished = returned.origin[:300], took_ms, timezone.now()
    row.save()


def returned_of(row: ToolUse) -> Returned:
    """Return what an ended use returned."""
    return Returned(row.output, row.state == State.DONE, row.origin, row.data, row.files)


def use_of(row: ToolUse) -> Use:
    """Return what was asked for."""
    arguments: Mapping[str, Any] | None = row.arguments
    return Use(row.call_id, row.tool, arguments)


def turn_of(rows: Sequence[ToolUse]) -> Turn:
    """Return a round whose uses have all ended."""
    return Turn(rows[0].said, tuple(map(use_of, rows)), tuple(map(returned_of, rows)))
