"""What a tenant wants to be asked about; the only writer of ApprovalPolicy."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from deployments.approval_rules import Rule
from deployments.models import ApprovalPolicy
from miosa.http.problem import Conflict, NotFound
from miosa.pg.reading import selected
from tenants import audit

WAITS_S = 86_400
RULE = ("asks", "above_micros", "tool_kinds", "environments", "waits_s")


def rules() -> tuple[Rule, ...]:
    """Return the current tenant's own rules, as `approval_rules.needs_approval` takes them."""
    return tuple(
        Rule(row.kind, row.asks, row.above_micros, frozenset(row.tool_kinds), frozenset(row.environments))
        for row in selected(ApprovalPolicy, "SELECT * FROM deployments_approvalpolicy")
    )


def waits_s(kind: str) -> int:
    """Return how long an answer about effects of a kind is waited for."""
    row: ApprovalPolicy | None = ApprovalPolicy.objects.filter(kind=kind).first()
    return row.waits_s if row else WAITS_S


def make(values: Mapping[str, Any], *, actor: str) -> ApprovalPolicy:
    """Make the rule of a kind. Raises Conflict: there is one."""
    with transaction.atomic():
        if ApprovalPolicy.objects.filter(kind=values["kind"]).exists():
            raise Conflict(f"There is a policy for {values['kind']} already: change it.")
        row: ApprovalPolicy = ApprovalPolicy.objects.create(**values, created_by=actor)
        _record("created", row, actor, after=_told(row))
    return row


def change(policy_id: UUID, values: Mapping[str, Any], *, actor: str) -> ApprovalPolicy:
    """Change a rule; what was asked before stays asked. Raises NotFound."""
    with transaction.atomic():
        row = one(policy_id, lock=True)
        before = _told(row)
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
        _record("changed", row, actor, before=before, after=_told(row))
    return row


def delete(policy_id: UUID, *, actor: str) -> None:
    """Go back to the default of that kind. Raises NotFound."""
    with transaction.atomic():
        row = one(policy_id, lock=True)
        _record("deleted", row, actor, before=_told(row))
        row.delete()


def one(policy_id: UUID, *, lock: bool = False) -> ApprovalPolicy:
    """Return a rule of the current tenant, locked on request; raises NotFound."""
    rows = ApprovalPolicy.objects.select_for_update() if lock else ApprovalPolicy.objects
    row: ApprovalPolicy | None = rows.filter(pk=policy_id).first()
    if row is None:
        raise NotFound("There is no such policy.")
    return row


def listed() -> QuerySet[ApprovalPolicy]:
    """Return the current tenant's rules."""
    found: QuerySet[ApprovalPolicy] = ApprovalPolicy.objects.all()
    return found


def _told(row: ApprovalPolicy) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("kind", *RULE)}


def _record(what: str, row: ApprovalPolicy, actor: str, **sides: Any) -> None:
    audit.record(
        f"approval_policy.{what}", actor=actor, object_type="approval_policy", object_id=row.pk, **sides
    )
