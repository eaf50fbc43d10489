"""A person is asked before a tool changes something; the question is bound to the exact use, tool and arguments."""

from agents import gates, tool_uses
from agents.contract.tools import Effect
from agents.models import Execution, ToolUse
from deployments import approval_policies, questions
from deployments.approval_rules import MESSAGES, SPENDS, TOOL, WRITES, needs_approval
from deployments.approval_rules import Effect as Asked

KINDS = {Effect.WRITES: WRITES, Effect.SPENDS: SPENDS, Effect.SENDS: MESSAGES}


def policy_asks(tool: str, effect: Effect, kinds: frozenset[str] = frozenset()) -> str | None:
    """Return why the tenant's policies want a person asked before a tool is used; None where they do not."""
    does = kinds | ({KINDS[effect]} if effect in KINDS else frozenset())
    return needs_approval(approval_policies.rules(), Asked(TOOL, tool=tool, tool_kinds=does))


def gate(execution: Execution, row: ToolUse, *, effect: Effect, reason: str) -> str:
    """Return "" once somebody said yes, or why not. Raises NotYet while nobody has said anything."""
    exact = {
        "action": TOOL,
        "tool": row.tool,
        "arguments": row.arguments,
        "effect": effect.value,
        "because": reason,
        "use_id": str(row.pk),
    }
    if row.state != ToolUse.State.ASKED:
        tool_uses.waits(row, effect=effect.value)
    said = gates.word(
        execution, questions.TOOL, exact, of=TOOL, requested_by="agent:tools", reason=f"{row.tool}: {reason}"
    )
    tool_uses.answered(row, said.approval.pk)
    return "" if said.approved else f"{row.tool}: {said.reason}."
