"""Approval policies: what each tenant wants to be asked about; they are changed over the API."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.money import format_usd
from deployments.admin import looks
from deployments.models import ApprovalPolicy
from miosa.pages.cells import NONE, badge, chips, duration
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts

SECOND_MS = 1000


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(Columns, Facts):
    """One rule of one tenant."""

    list_display = ("kind_", "tenant", "asks_", "above", "tools", "places", "waits", "by", "created_")
    list_filter = ("tenant", "kind", "asks")
    ordering = ("-created",)
    fields = (("kind_", "asks_"), ("above", "tools", "places"), ("waits", "by", "created_"))

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
