"""The read side of tools: what there is, what was used, which files there are."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from agents import artefacts, tool_rules
from agents.at_hand import all_tools
from agents.models import Artefact, Execution, ToolUse
from agents.permission import verdict
from agents.tool_gate import policy_asks
from miosa.http.problem import NotFound


@dataclass(frozen=True, slots=True)
class Standing:
    """A tool, and what becomes of its use where no plan says otherwise."""

    name: str
    description: str
    parameters: object
    effect: str
    decision: str
    timeout_s: float


def tools() -> list[Standing]:
    """Return every tool that the current tenant has, by name."""
    rules = tool_rules.rules()
    return [
        Standing(
            name,
            tool.description,
            tool.parameters,
            tool.effect.value,
            verdict(name, tool.effect, rules=rules, policy=policy_asks(name, tool.effect, tool.kinds)).value,
            tool.timeout_s,
        )
        for name, tool in sorted(all_tools().items())
    ]


def uses(execution_id: UUID) -> QuerySet[ToolUse]:
    """Return the uses of tools of an execution, in order; raises NotFound."""
    _there(execution_id)
    rows: QuerySet[ToolUse] = ToolUse.objects.filter(execution_id=execution_id).select_related("step")
    return rows.order_by("created", "round", "place")


def files(execution_id: UUID) -> QuerySet[Artefact]:
    """Return the files of an execution in all their versions; raises NotFound."""
    _there(execution_id)
    return artefacts.listed(execution_id)


def _there(execution_id: UUID) -> None:
    if not Execution.objects.filter(pk=execution_id).exists():
        raise NotFound("There is no such execution.")
