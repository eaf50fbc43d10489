"""What tenants may spend in a month, and what of it is set aside."""

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.models import Budget, Reservation
from billing.money import format_usd
from miosa.drawing.bar import Bar, stacked_bar
from miosa.pages.cells import NONE, meter, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts


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
