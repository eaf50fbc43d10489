"""Recall what is remembered, and remember something, as tools; what is remembered this way stays marked as an agent's."""

from collections.abc import Mapping
from typing import Any

from agents import memory
from agents.contract.tools import Effect, Returned
from agents.memory.at_work import note_of, place_of, reach_of
from agents.memory.embedding import embedded_if_possible
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from miosa.http.problem import Unprocessable

MOST = 10
SCOPE = {"enum": ["tenant", "project", "conversation"]}


def _recall(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    text, limit = arguments["text"], int(arguments.get("limit", 3))
    reach = reach_of(hands.execution)
    found = memory.recall(text, embedded_if_possible(text), reach=reach, limit=limit)
    told = "\n\n".join(f"About: {one.request}\n{one.output}" for one in found)
    return Returned(
        told or "Nothing like it is remembered.", origin="the tenant's memory", data={"found": len(found)}
    )


def _remember(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    place = place_of(hands.execution, arguments.get("scope", ""))
    note = note_of(
        hands.step,
        arguments["text"],
        place=place,
        origin="agent",
        source=arguments.get("source", ""),
        importance=float(arguments.get("importance", 0.5)),
        keep_s=None,
    )
    try:
        row = memory.remember(note)
    except Unprocessable as error:
        raise ToolRefused(str(error)) from error
    return Returned("remembered", origin="the tenant's memory", data={"memory_id": str(row.pk)})


TOOLS = (
    Tool(
        "recall_memory",
        "Recall what this tenant's memory holds about something: results of similar tasks, and notes.",
        parameters(
            ("text",),
            text={"type": "string", "minLength": 1, "maxLength": 2_000},
            limit={"type": "integer", "minimum": 1, "maximum": MOST},
        ),
        _recall,
    ),
    Tool(
        "remember",
        "Remember a note for later tasks of this tenant.",
        parameters(
            ("text",),
            text={"type": "string", "minLength": 1, "maxLength": 4_000},
            scope=SCOPE,
            importance={"type": "number", "minimum": 0, "maximum": 1},
            source={"type": "string", "maxLength": 200, "description": "where it is known from"},
        ),
        _remember,
        Effect.WRITES,
    ),
)
