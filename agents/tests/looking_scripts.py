"""What a capable model says that looks before it answers: it makes something up first, and mends it or not."""

from collections.abc import Callable, Sequence
from typing import Any

from agents.tests.jobs_scripts import is_plan, plan, turns_of
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked

STEPS = "SELECT agent, COUNT(*) AS n, COUNT(*) * 50 AS cost FROM steps GROUP BY agent"
Call = tuple[str, Any]


def looker(
    agent: str, calls: Sequence[Call], answers: Sequence[str], *, otherwise: str = "{}"
) -> Callable[[Asked], Reply]:
    """A model that plans one step, uses these tools one after another, then gives the next answer each time it is told.

    The last answer stands for all after it; `otherwise` is said to any question that offers no tools.
    """

    def says(asked: Asked) -> Reply:
        if is_plan(asked):
            return plan((agent, "Do it"))
        if not asked.body.get("tools"):
            return Reply(text=otherwise)
        turns = turns_of(asked)
        done = sum(len(turn.get("tool_calls") or ()) for turn in turns)
        if done < len(calls):
            return Reply(text="I look.", calls=[calls[done]])
        told = sum("not right yet" in str(turn["content"]) for turn in turns)
        return Reply(text=answers[min(told, len(answers) - 1)])

    return says
