"""Hand a part of the task on to the whole team, as an execution of its own below this one."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from agents import below
from agents.contract import NotYet
from agents.contract.tools import Returned
from agents.tools.contract import Hands, Tool, ToolRefused, parameters
from deployments.approval_rules import SPENDS
from miosa.http.problem import Problem

LOOK_S = 1.0


def _delegate(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    use_id = UUID(hands.key)
    try:
        row = below.found(use_id) or below.opened(hands.execution, use_id, arguments["request"])
    except (below.TooDeep, Problem) as error:
        raise ToolRefused(str(error)) from error
    if not row.ended:
        raise NotYet(LOOK_S, f"waits for execution {row.pk} below it")
    data = {"execution_id": str(row.pk), "state": row.state, "cost_micros": row.cost_micros}
    return Returned(
        row.output or row.error,
        ok=row.state == row.State.COMPLETED,
        origin=f"execution {row.pk} below this one",
        data=data,
    )


TOOLS = (
    Tool(
        "delegate_task",
        "Hand a part of the task on to the whole team and wait for its answer; it may use a share of the money that is left.",
        parameters(("request",), request={"type": "string", "minLength": 3, "maxLength": 20_000}),
        _delegate,
        timeout_s=5,
        kinds=frozenset({SPENDS}),
    ),
)
