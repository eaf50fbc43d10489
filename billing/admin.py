"""The admin's pages of money: the ledger, what is left, and who is on which plan."""

from datetime import UTC
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import BigIntegerField, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from billing.models import Budget, LedgerEntry, Reservation, Subscription
from billing.money import format_usd
from billing.plans import plans
from billing.subscriptions import subscribe
from miosa.drawing.bar import Bar, stacked_bar
from miosa.pages.cells import NONE, badge, data, link, meter, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant
from miosa.pages.tenant_form import TenantForm, TenantFormRows


@admin.register(LedgerEntry)
class LedgerEntryAdmin(Columns, Facts):
    """One fact of use or money."""

    list_display = (
        "what",
        "tenant",
        "meter_",
        "quantity_",
        "cost",
        "month_so_far",
        "model_",
        "agent_",
        "created_",
    )
    list_filter = ("tenant", "meter", "model", "agent", "created")
    search_fields = ("description", "source_id", "model")
    search_help_text = "Search in descriptions, sources and models"
    ordering = ("-created", "-id")
    fields = (
        "tenant",
        ("meter_", "quantity_", "cost"),
        "description",
        ("source", "source_id"),
        ("model_", "agent_", "execution_"),
        "details_",
        "created_",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        """Add what the tenant was charged in the entry's month up to it; only the rows of a page are computed."""
        before = Q(created__lt=OuterRef("created")) | Q(created=OuterRef("created"), id__lte=OuterRef("id"))
        earlier = LedgerEntry.objects.filter(
            before, tenant_id=OuterRef("tenant_id"), created__gte=OuterRef("month")
        )
        total = earlier.order_by().annotate(sum=Func(F("cost_micros"), function="SUM")).values("sum")
        rows: QuerySet[LedgerEntry] = super().get_queryset(request)
        rows = rows.annotate(month=TruncMonth("created", tzinfo=UTC))
        return rows.annotate(month_micros=Subquery(total, output_field=BigIntegerField()))

    @display(description="Entry", ordering="description")
    def what(self, row: LedgerEntry) -> str:
        return row.description or f"{row.source} {row.source_id[:8]}"

    @display(description="Meter", ordering="meter")
    def meter_(self, row: LedgerEntry) -> SafeString:
        return badge("meter", text=row.get_meter_display())

    @display(description="Quantity", ordering="quantity")
    def quantity_(self, row: LedgerEntry) -> str:
        return f"{row.quantity:,}"

    @display(description="Charged", ordering="cost_micros")
    def cost(self, row: LedgerEntry) -> str:
        return format_usd(row.cost_micros)

    @display(description="Month so far")
    def month_so_far(self, row: Any) -> str:
        return format_usd(int(row.month_micros or 0))

    @display(description="Model", ordering="model")
    def model_(self, row: LedgerEntry) -> str:
        return row.model or NONE

    @display(description="Agent", ordering="agent")
    def agent_(self, row: LedgerEntry) -> str:
        return row.agent or NONE

    @display(description="Execution")
    def execution_(self, row: LedgerEntry) -> SafeString:
        return link("agents_execution", "open", to=row.execution_id) if row.execution_id else SafeString(NONE)

    @display(description="Details")
    def details_(self, row: LedgerEntry) -> SafeString:
        return data(row.details)


@admin.register(Budget)
class BudgetAdmin(Columns, Facts):
    """What a tenant may spend in a month, and what of it is spent or set aside."""

    list_display = ("month_", "tenant", "used", "spent", "reserved", "left", "executions")
    list_filter = ("tenant", "month")
    ordering = ("-month",)
    fields = (("tenant", "month_"), "drawn", ("cap", "executions"), "created_")

    @display(description="Month", ordering="month")
    def month_(self, row: Budget) -> str:
        return f"{row.month:%B %Y}"

    @display(description="Used")
    def used(self, row: Budget) -> SafeString:
        taken = row.spent_micros + row.reserved_micros
        share = taken / row.cap_micros if row.cap_micros else 0.0
        return meter(share, f"{share:.0%}", look="low" if share > 0.9 else "fine")  # noqa: PLR2004  a tenth is left

    @display(description="In all")
    def drawn(self, row: Budget) -> SafeString:
        parts = [
            Bar("spent", row.spent_micros, format_usd(row.spent_micros)),
            Bar("reserved", row.reserved_micros, format_usd(row.reserved_micros)),
            Bar("left", row.left_micros, format_usd(row.left_micros)),
        ]
        return stacked_bar(parts, title=f"Budget of {row.month:%B %Y}", width=400)

    @display(description="Cap", ordering="cap_micros")
    def cap(self, row: Budget) -> str:
        return format_usd(row.cap_micros)

    @display(description="Spent", ordering="spent_micros")
    def spent(self, row: Budget) -> str:
        return format_usd(row.spent_micros)

    @display(description="Reserved", ordering="reserved_micros")
    def reserved(self, row: Budget) -> str:
        return format_usd(row.reserved_micros)

    @display(description="Left")
    def left(self, row: Budget) -> str:
        return format_usd(row.left_micros)

    @display(description="Executions", ordering="executions_used")
    def executions(self, row: Budget) -> str:
        cap = "no limit" if row.executions_cap is None else f"{row.executions_cap:,}"
        return f"{row.executions_used:,} of {cap}"


@admin.register(Reservation)
class ReservationAdmin(Columns, Facts):
    """Money set aside before work starts."""

    list_display = ("reference", "tenant", "state_", "amount", "actual", "lease", "created_")
    list_filter = ("tenant", "state", "created")
    search_fields = ("reference",)
    ordering = ("-created",)
    fields = ("tenant", "reference", ("state_", "amount", "actual"), ("created_", "lease", "closed_"))

    @display(description="Set aside", ordering="amount_micros")
    def amount(self, row: Reservation) -> str:
        return format_usd(row.amount_micros)

    @display(description="Charged", ordering="actual_micros")
    def actual(self, row: Reservation) -> str:
        return NONE if row.actual_micros is None else format_usd(row.actual_micros)

    @display(description="Closed", ordering="closed")
    def closed_(self, row: Reservation) -> SafeString:
        return moment(row.closed)

    @display(description="Held until", ordering="lease_until")
    def lease(self, row: Reservation) -> SafeString:
        return moment(row.lease_until)


class SubscriptionForm(TenantForm):
    """Which tenant, which plan."""

    plan = forms.ChoiceField(
        choices=lambda: [
            (plan.slug, f"{plan.name}: {format_usd(plan.allowance_micros)} a month")
            for plan in plans().values()
        ],
        widget=UnfoldAdminSelectWidget,
        help_text="The caps of the running month follow at once.",
    )

    class Meta:
        model = Subscription
        fields = ("plan",)


@admin.register(Subscription)
class SubscriptionAdmin(TenantFormRows):
    """Which plan a tenant is on; none means the free one."""

    form = SubscriptionForm
    fields = ("tenant", "plan")
    list_display = ("tenant", "plan_", "since_")
    list_filter = ("plan",)
    ordering = ("tenant__slug",)

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: Any) -> None:
        """Subscribe as the tenant itself, so that the month's caps follow."""
        with as_tenant(obj.tenant):
            obj.pk = subscribe(form.cleaned_data["plan"]).pk

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Plan", ordering="plan")
    def plan_(self, row: Subscription) -> SafeString:
        return badge("plan", text=plans()[row.plan].name if row.plan in plans() else row.plan)

    @display(description="Since", ordering="since")
    def since_(self, row: Subscription) -> SafeString:
        return moment(row.since)
