"""The ledger: each fact of use or money, what paid it, and the running sum of the month. Nothing here can be edited."""

from datetime import UTC
from typing import Any

from django.contrib import admin
from django.db.models import BigIntegerField, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from billing.models import Account, LedgerEntry, Posting
from billing.money import format_usd
from miosa.pages.cells import NONE, badge, data, link
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts


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
        "tokens_",
        ("model_", "agent_", "execution_"),
        "postings_",
        "reverses_",
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

    @display(description="Tokens")
    def tokens_(self, row: LedgerEntry) -> str:
        if row.output_tokens is None:
            return NONE
        return f"{row.input_tokens:,} read, {row.cached_tokens:,} from a cache, {row.output_tokens:,} written"

    @display(description="Paid from")
    def postings_(self, row: LedgerEntry) -> SafeString:
        """Each movement of money, as the books have it."""
        moved = row.postings.select_related("grant").order_by("id")
        lines = (
            (format_usd(one.amount_micros), _side(one, one.debit), _side(one, one.credit)) for one in moved
        )
        return format_html_join(mark_safe("<br>"), "{}: {} → {}", lines) or SafeString(NONE)

    @display(description="Takes back")
    def reverses_(self, row: LedgerEntry) -> SafeString:
        return (
            link("billing_ledgerentry", "the entry", to=row.reverses_id)
            if row.reverses_id
            else SafeString(NONE)
        )

    @display(description="Execution")
    def execution_(self, row: LedgerEntry) -> SafeString:
        return link("agents_execution", "open", to=row.execution_id) if row.execution_id else SafeString(NONE)

    @display(description="Details")
    def details_(self, row: LedgerEntry) -> SafeString:
        return data(row.details)


def _side(row: Posting, account: str) -> str | SafeString:
    if account == Account.CREDITS and row.grant:
        return link("billing_grant", row.grant.name, to=row.grant_id)
    return Account(account).label
