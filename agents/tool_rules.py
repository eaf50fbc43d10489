"""A tenant's words on tools; the only writer of ToolRule."""

from django.db import transaction
from django.db.models import QuerySet

from agents.models import ToolRule
from tenants import audit

MOST_RULES = 200


def rules() -> dict[str, str]:
    """Return the current tenant's decisions by tool or pattern."""
    return dict(ToolRule.objects.values_list("tool", "decision"))


def listed() -> QuerySet[ToolRule]:
    """Return the rows, by name."""
    rows: QuerySet[ToolRule] = ToolRule.objects.order_by("tool")
    return rows


def decide(tool: str, decision: str, *, actor: str) -> ToolRule:
    """Set the tenant's word on a tool or a pattern, and record who did."""
    with transaction.atomic():
        before = ToolRule.objects.select_for_update().filter(tool=tool).first()
        row, _ = ToolRule.objects.update_or_create(
            tool=tool, defaults={"decision": decision, "set_by": actor}
        )
        _record("tool_rule.set", row, actor, before.decision if before else "", decision)
    made: ToolRule = row
    return made


def forget(row: ToolRule, *, actor: str) -> None:
    """Take the tenant's word back: the tool's effect decides again."""
    with transaction.atomic():
        _record("tool_rule.forgotten", row, actor, row.decision, "")
        ToolRule.objects.filter(pk=row.pk).delete()


def _record(action: str, row: ToolRule, actor: str, before: str, after: str) -> None:
    audit.record(
        action,
        actor=actor,
        object_type="toolrule",
        object_id=row.pk,
        before={"tool": row.tool, "decision": before},
        after={"tool": row.tool, "decision": after},
    )
