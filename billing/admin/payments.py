"""What goes to Stripe and comes from it: accounts and their steps, calls, usage on its way, the inbox."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.admin.revenue_page import revenue_page
from billing.admin.usage_page import usage_page
from billing.models import BillingAccount, MeterEvent, Standing, StandingChange, StripeCall, StripeEvent
from billing.money import format_usd
from billing.payments import inbox
from miosa.pages.cells import NONE, badge, data, moment
from miosa.pages.columns import Columns
from miosa.pages.recorded import Recorded
from miosa.pages.rows import Facts

GOOD, BAD, BUSY = "completed", "failed", "running"
STANDING = {
    Standing.ACTIVE: GOOD,
    Standing.TRIALING: GOOD,
    Standing.PAST_DUE: BUSY,
    Standing.RESTRICTED: BAD,
    Standing.PAUSED: BAD,
}
LOOK = {
    "sent": BUSY, "answered": GOOD, "refused": BAD, "old": BAD, "unsure": BAD, "waiting": "waiting",
    "new": "waiting", "applied": GOOD, "parked": BAD,
}  # fmt: skip


def standing_badge(value: str) -> SafeString:
    """A standing in its colour."""
    standing = Standing(value)
    return badge(STANDING.get(standing, ""), text=str(standing.label))


@admin.register(BillingAccount)
class BillingAccountAdmin(Columns, Facts):
    """Each tenant as Stripe's customer, copied from there."""

    list_display = ("tenant", "standing_", "plan", "interval", "period_end_", "cancel_at_", "read_")
    list_filter = ("standing", "plan")
    search_fields = ("customer", "subscription")
    ordering = ("tenant__slug",)
    fields = (
        ("tenant", "customer"), ("standing_", "subscription"), ("plan", "interval", "currency"),
        ("period_start_", "period_end_"), ("trial_end_", "cancel_at_"), ("unpaid_since_", "read_"),
    )  # fmt: skip

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("revenue/", "billing_revenue", revenue_page), ("usage/", "billing_usage", usage_page))

    @display(description="Standing", ordering="standing")
    def standing_(self, row: BillingAccount) -> SafeString:
        return standing_badge(row.standing)

    @display(description="Period from", ordering="period_start")
    def period_start_(self, row: BillingAccount) -> SafeString:
        return moment(row.period_start)

    @display(description="Period until", ordering="period_end")
    def period_end_(self, row: BillingAccount) -> SafeString:
        return moment(row.period_end)

    @display(description="Trial until", ordering="trial_end")
    def trial_end_(self, row: BillingAccount) -> SafeString:
        return moment(row.trial_end)

    @display(description="Ends", ordering="cancel_at")
    def cancel_at_(self, row: BillingAccount) -> SafeString:
        return moment(row.cancel_at)

    @display(description="Late since", ordering="unpaid_since")
    def unpaid_since_(self, row: BillingAccount) -> SafeString:
        return moment(row.unpaid_since)

    @display(description="Read", ordering="read")
    def read_(self, row: BillingAccount) -> SafeString:
        return moment(row.read)


@admin.register(StandingChange)
class StandingChangeAdmin(Columns, Facts):
    """Each step in the life of a subscription."""

    list_display = ("created_", "tenant", "before_", "after_", "plan", "mailed_")
    list_filter = ("tenant", "after", "created")
    ordering = ("-created",)
    fields = (("tenant", "plan"), ("before_", "after_"), ("until_", "created_", "mailed_"))

    @display(description="Before", ordering="before")
    def before_(self, row: StandingChange) -> SafeString:
        return standing_badge(row.before)

    @display(description="After", ordering="after")
    def after_(self, row: StandingChange) -> SafeString:
        return standing_badge(row.after)

    @display(description="Next step", ordering="until")
    def until_(self, row: StandingChange) -> SafeString:
        return moment(row.until)

    @display(description="Letter sent", ordering="mailed")
    def mailed_(self, row: StandingChange) -> SafeString:
        return moment(row.mailed)


@admin.register(StripeCall)
class StripeCallAdmin(Columns, Facts):
    """What was asked of Stripe once; the id is the idempotency key."""

    list_display = ("created_", "tenant", "method", "cause", "state_", "error")
    list_filter = ("tenant", "state", "method", "created")
    search_fields = ("cause",)
    ordering = ("-created",)
    fields = (
        ("tenant", "id"), ("method", "cause", "attempt"), ("state_", "error"), "params_", "answer_",
        ("created_", "finished_"),
    )  # fmt: skip

    @display(description="State", ordering="state")
    def state_(self, row: StripeCall) -> SafeString:
        return badge(LOOK[row.state], text=row.state)

    @display(description="Asked")
    def params_(self, row: StripeCall) -> SafeString:
        return data(row.params)

    @display(description="Answered")
    def answer_(self, row: StripeCall) -> SafeString:
        return data(
            {name: value for name, value in row.answer.items() if name != "url"}
        )  # whoever has it, pays

    @display(description="Finished", ordering="finished")
    def finished_(self, row: StripeCall) -> SafeString:
        return moment(row.finished)


@admin.register(MeterEvent)
class MeterEventAdmin(Columns, Facts):
    """Usage on its way to Stripe, a minute a row; the id is Stripe's identifier."""

    list_display = ("minute_", "tenant", "amount", "entries", "state_", "attempts", "sent_", "error")
    list_filter = ("tenant", "state", "minute")
    ordering = ("-minute",)
    fields = (
        ("tenant", "id"), ("minute_", "amount", "entries"), ("state_", "attempts", "error"),
        ("created_", "next_try_", "sent_"),
    )  # fmt: skip

    @display(description="Minute", ordering="minute")
    def minute_(self, row: MeterEvent) -> SafeString:
        return moment(row.minute)

    @display(description="Amount", ordering="micros")
    def amount(self, row: MeterEvent) -> str:
        return format_usd(row.micros)

    @display(description="State", ordering="state")
    def state_(self, row: MeterEvent) -> SafeString:
        return badge(LOOK[row.state] if row.state != "sent" else GOOD, text=row.get_state_display())

    @display(description="Next try", ordering="next_try")
    def next_try_(self, row: MeterEvent) -> SafeString | str:
        return moment(row.next_try) if row.state == MeterEvent.State.WAITING else NONE

    @display(description="Sent", ordering="sent")
    def sent_(self, row: MeterEvent) -> SafeString:
        return moment(row.sent)


@admin.register(StripeEvent)
class StripeEventAdmin(Recorded):
    """The inbox: each event once, what became of it, and why it is parked."""

    list_display = ("created_", "type", "state_", "attempts", "error", "id")
    list_filter = ("state", "type", "created")
    search_fields = ("id", "type")
    ordering = ("-created",)
    fields = (
        ("id", "type"),
        ("state_", "attempts", "error"),
        ("created_", "received_", "finished_"),
        "payload_",
    )
    readonly_fields = (
        "id",
        "type",
        "state_",
        "attempts",
        "error",
        "created_",
        "received_",
        "finished_",
        "payload_",
    )
    actions = ("apply_again",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_apply_permission(self, request: HttpRequest) -> bool:
        """Whoever may change rows of the inbox, though no form does."""
        return super().has_change_permission(request)

    @admin.action(description="Apply again", permissions=["apply"])
    def apply_again(self, request: HttpRequest, queryset: QuerySet[StripeEvent]) -> None:
        """Let parked events be applied again within seconds; others stay as they are."""
        again = inbox.try_again(queryset.values_list("pk", flat=True))
        self.message_user(request, f"{again} parked events are applied again.", messages.SUCCESS)

    @display(description="At Stripe", ordering="created")
    def created_(self, row: StripeEvent) -> SafeString:
        return moment(row.created)

    @display(description="Received", ordering="received")
    def received_(self, row: StripeEvent) -> SafeString:
        return moment(row.received)

    @display(description="Finished", ordering="finished")
    def finished_(self, row: StripeEvent) -> SafeString:
        return moment(row.finished)

    @display(description="State", ordering="state")
    def state_(self, row: StripeEvent) -> SafeString:
        return badge(LOOK.get(row.state, ""), text=row.get_state_display())

    @display(description="Payload")
    def payload_(self, row: StripeEvent) -> SafeString:
        return data(row.payload)
