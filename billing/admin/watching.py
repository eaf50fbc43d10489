"""What tenants were warned of, and whether the books agreed with everything else."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.models import Reconciliation, SpendAlert, SpendWarning
from billing.money import format_usd
from miosa.pages.cells import badge, data, moment
from miosa.pages.columns import Columns
from miosa.pages.recorded import Recorded
from miosa.pages.rows import Facts


@admin.register(SpendWarning)
class SpendWarningAdmin(Columns, Facts):
    """One warning, given once."""

    list_display = ("period", "tenant", "kind_", "level_", "spent", "created_", "mailed_")
    list_filter = ("tenant", "kind", "created")
    ordering = ("-created",)
    fields = (("tenant", "period"), ("kind_", "level_"), ("spent", "cap"), ("created_", "mailed_"))

    @display(description="Of", ordering="kind")
    def kind_(self, row: SpendWarning) -> SafeString:
        return badge("meter", text=SpendWarning.Kind(row.kind).label)

    @display(description="Level", ordering="level")
    def level_(self, row: SpendWarning) -> str:
        return f"{row.level} %" if row.kind == SpendWarning.Kind.SHARE else format_usd(row.level)

    @display(description="Spent", ordering="spent_micros")
    def spent(self, row: SpendWarning) -> str:
        return format_usd(row.spent_micros)

    @display(description="Budget", ordering="cap_micros")
    def cap(self, row: SpendWarning) -> str:
        return "none" if row.cap_micros is None else format_usd(row.cap_micros)

    @display(description="Letters sent", ordering="mailed")
    def mailed_(self, row: SpendWarning) -> SafeString:
        return moment(row.mailed)


@admin.register(SpendAlert)
class SpendAlertAdmin(Columns, Facts):
    """The levels a tenant chose."""

    list_display = ("kind", "level", "tenant", "created_")
    list_filter = ("tenant", "kind")
    ordering = ("-created",)
    fields = ("tenant", ("kind", "level"), "created_")


@admin.register(Reconciliation)
class ReconciliationAdmin(Recorded):
    """Each run of `ledger verify`, at night and on demand."""

    list_display = ("started_", "verdict", "took")
    ordering = ("-started",)
    fields = (("started_", "took"), "verdict", "sums_", "differences_")
    readonly_fields = ("started_", "took", "verdict", "sums_", "differences_")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @display(description="Started", ordering="started")
    def started_(self, row: Reconciliation) -> SafeString:
        return moment(row.started)

    @display(description="Verdict", ordering="number")
    def verdict(self, row: Reconciliation) -> SafeString:
        return (
            badge("failed", text=f"{row.number} differences")
            if row.number
            else badge("completed", text="agrees")
        )

    @display(description="Took")
    def took(self, row: Reconciliation) -> str:
        return f"{(row.finished - row.started).total_seconds():.1f} s"

    @display(description="Sums")
    def sums_(self, row: Reconciliation) -> SafeString:
        return data(row.sums)

    @display(description="Differences")
    def differences_(self, row: Reconciliation) -> SafeString:
        return data(row.differences)
