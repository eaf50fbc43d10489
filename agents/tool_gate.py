"""A person is asked before a tool changes something; the question is bound to the exact tool and arguments."""

from datetime import timedelta

from django.utils import timezone

from agents import tool_uses
from agents.contract import NotYet
from agents.contract.tools import Effect
from agents.models import Execution, ToolUse
from deployments import approvals
from deployments.models import Approval

KIND = "tool.use"
TTL_S = 86_400
SOON_S, LATER_S, SOON_FOR = 0.5, 10.0, timedelta(minutes=1)


def gate(execution: Execution, row: ToolUse, *, effect: Effect) -> str:
    """Return "" once somebody said yes, or why not. Raises NotYet while nobody has said anything."""
    approval = _asked(execution, row, effect)
    match approvals.state(approval.pk):
        case Approval.State.APPROVED:
            return ""
        case Approval.State.PENDING:
            recent = timezone.now() - approval.created < SOON_FOR
            raise NotYet(SOON_S if recent else LATER_S, f"waits for approval {approval.pk}: {row.tool}")
        case Approval.State.REJECTED:
            return f"a person said no to {row.tool}. {approvals.one(approval.pk).note}".strip()
        case _:
            return f"nobody answered in time whether {row.tool} may be used."


def _asked(execution: Execution, row: ToolUse, effect: Effect) -> Approval:
    if row.approval_id is not None:
        return approvals.one(row.approval_id)
    asked = approvals.ask(
        kind=KIND,
        effect={"tool": row.tool, "arguments": row.arguments, "effect": effect.value, "use": str(row.pk)},
        execution_id=execution.pk,
        requested_by="agent:tools",
        ttl_s=TTL_S,
    )
    tool_uses.waits(row, effect=effect.value, approval_id=asked.pk)
    return asked
