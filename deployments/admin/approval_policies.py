"""Approval policies: what each tenant wants to be asked about; made, changed and removed as over the API."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.money import format_usd
from deployments import approval_policies
from deployments.admin import looks
from deployments.approval_requests import ApprovalPolicyRequest
from deployments.models import ApprovalPolicy
from miosa.pages.cells import NONE, badge, chips, duration
from miosa.pages.columns import Columns
from miosa.pages.requested import SAID, Requested, RequestForm
from tenants.audit import current_actor

SECOND_MS = 1000


class ApprovalPolicyForm(RequestForm):
    """Whose rule it is, of which kind, and what is asked about."""

    asked = ApprovalPolicyRequest
    fixed = ("kind",)


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(Columns, Requested):
    """One rule of one tenant."""

    making_form = ApprovalPolicyForm
    list_display = ("kind_", "tenant", "asks_", "above", "tools", "places", "waits", "by", "created_")
    list_filter = ("tenant", "kind", "asks")
    ordering = ("-created",)
    fields = (("kind_", "asks_"), ("above", "tools", "places"), ("waits", "by", "created_"))

    def written(self, row: Any, values: dict[str, Any]) -> ApprovalPolicy:
        if row is None:
            return approval_policies.make(values[SAID], actor=current_actor())
        return approval_policies.change(row.pk, values[SAID], actor=current_actor())

    def removed(self, row: Any) -> None:
        approval_policies.delete(row.pk, actor=current_actor())

    @display(description="Of", ordering="kind")
    def kind_(self, row: ApprovalPolicy) -> str:
        return str(ApprovalPolicy.Kind(row.kind).label)

    @display(description="Asks", ordering="asks")
    def asks_(self, row: ApprovalPolicy) -> SafeString:
        return badge("active" if row.asks else "inactive", text="asks" if row.asks else "nobody is asked")

    @display(description="Above", ordering="above_micros")
    def above(self, row: ApprovalPolicy) -> str:
        return NONE if row.above_micros is None else format_usd(row.above_micros)

    @display(description="Tools that")
    def tools(self, row: ApprovalPolicy) -> SafeString:
        return chips(row.tool_kinds)

    @display(description="Environments")
    def places(self, row: ApprovalPolicy) -> SafeString:
        return chips(row.environments)

    @display(description="Waits for", ordering="waits_s")
    def waits(self, row: ApprovalPolicy) -> str:
        return duration(row.waits_s * SECOND_MS)

    @display(description="Made by", ordering="created_by")
    def by(self, row: ApprovalPolicy) -> str:
        return looks.who(row.created_by)
