"""Rounds with tools as the messages of a prompt, and a model's calls as uses; pure.

What a tool returned stands inside a fence with its origin, whoever wrote it: a page, a file, a server, a program.
"""

import json
from collections.abc import Sequence

from agents.contract.tools import Offered, Returned, Turn, Use
from agents.text.fence import fenced
from routing.messages import Message, ToolCall, ToolOffer


def offers_of(tools: Sequence[Offered]) -> tuple[ToolOffer, ...]:
    """Return tools as a prompt offers them."""
    return tuple(ToolOffer(one.name, _described(one), one.parameters) for one in tools)


def messages_of(turns: Sequence[Turn]) -> tuple[Message, ...]:
    """Return rounds as messages: what was asked for, then each answer. A model's ids are made unique by their round."""
    made: list[Message] = []
    for number, turn in enumerate(turns):
        names = [f"r{number}u{place}" for place in range(len(turn.uses))]
        calls = tuple(
            ToolCall(name, use.tool, json.dumps(dict(use.arguments or {}), ensure_ascii=False))
            for name, use in zip(names, turn.uses, strict=True)
        )
        made.append(Message("assistant", turn.said, calls))
        made += [
            Message("tool", _shown(one), call_id=name) for name, one in zip(names, turn.returned, strict=True)
        ]
        made += [Message("user", turn.then)] if turn.then else []
    return tuple(made)


def uses_of(calls: Sequence[ToolCall]) -> tuple[Use, ...]:
    """Return a model's calls as uses; arguments that are no JSON object are None."""
    return tuple(Use(call.id, call.name, _arguments(call.arguments)) for call in calls)


def _described(tool: Offered) -> str:
    return f"{tool.description} A person is asked before it is used." if tool.asks else tool.description


def _shown(returned: Returned) -> str:
    failed = "" if returned.ok else "It could not be done.\n"
    return failed + fenced(returned.text, origin=returned.origin or "a tool")


def _arguments(said: str) -> dict[str, object] | None:
    try:
        read = json.loads(said or "{}")
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
