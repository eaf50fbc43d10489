"""Credit: who was given what, what is left of it; staff may give more, and take back what is left."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
)
from uuid_utils.compat import uuid7

from billing.books.granting import Given
from billing.models import Grant
from billing.money import format_usd, micros
from billing.subscriptions import give, take_back
from miosa.http.problem import Conflict
from miosa.pages.cells import badge, meter, moment
from miosa.pages.rows import as_tenant
from miosa.pages.tenant_form import TenantForm, TenantFormRows

GIVEN_BY_HAND = "staff"  # the source of what is given here
KINDS = [(kind.value, kind.label) for kind in (Grant.Kind.PROMOTION, Grant.Kind.PREPAID)]
MOST = Decimal(1_000_000)


class GrantForm(TenantForm):
    """Credit for a tenant: how much, why, until when."""

    kind = forms.ChoiceField(
        choices=KINDS, widget=UnfoldAdminSelectWidget, help_text="Promotions burn before packs."
    )
    dollars = forms.DecimalField(
        min_value=Decimal("0.01"), max_value=MOST, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget,
        label="US dollars",
    )  # fmt: skip
    expires = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="UTC; empty: never"
    )

    class Meta:
        model = Grant
        fields = ("kind", "name", "expires")
        help_texts = {"name": "The tenant sees it on its bills."}

    def clean_expires(self) -> Any:
        expires = self.cleaned_data["expires"]
        if expires and expires <= timezone.now():
            raise forms.ValidationError("Credit expires in the future, or never.")
        return expires


@admin.register(Grant)
class GrantAdmin(TenantFormRows):
    """Once given, credit is not edited: it burns, expires, or what is left of it is taken back."""

    form = GrantForm
    fields = ("tenant", "kind", "name", "dollars", "expires")
    list_display = ("name", "tenant", "kind_", "amount", "left", "expires_", "given_")
    list_filter = ("tenant", "kind", "created")
    search_fields = ("name",)
    ordering = ("-created",)
    actions = ("take_back_left",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is given is shown whole, and cannot be edited."""
        shown = ("tenant", "kind_", "name", ("amount", "left"), ("effective_", "expires_"), "given_")
        return shown if obj else super().get_fields(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("kind_", "amount", "left", "effective_", "expires_", "given_") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        """Whoever may give may take back."""
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Grant, form: Any, change: Any) -> None:
        """Give as the tenant itself, so that its month's budget holds it."""
        chosen = form.cleaned_data
        given = Given(
            Grant.Kind(chosen["kind"]), micros(chosen["dollars"]), chosen["name"], GIVEN_BY_HAND, str(uuid7()),
            expires=chosen["expires"],
        )  # fmt: skip
        with as_tenant(obj.tenant):
            obj.pk = give(given).pk

    @admin.action(description="Take back what is left", permissions=["take_back"])
    def take_back_left(self, request: HttpRequest, queryset: QuerySet[Grant]) -> None:
        """Withdraw what is left of the chosen ones; what was used stays paid."""
        taken = 0
        for row in queryset.select_related("tenant"):
            try:
                with as_tenant(row.tenant):
                    taken += take_back(row.pk, why=f"taken back: {row.name}")
            except Conflict as refusal:
                self.message_user(request, f"{row.name}: {refusal}", messages.ERROR)
        self.message_user(request, f"{format_usd(taken)} taken back.", messages.SUCCESS)

    @display(description="Kind", ordering="kind")
    def kind_(self, row: Grant) -> SafeString:
        return badge("meter", text=row.get_kind_display())

    @display(description="Given", ordering="amount_micros")
    def amount(self, row: Grant) -> str:
        return format_usd(row.amount_micros)

    @display(description="Left", ordering="remaining_micros")
    def left(self, row: Grant) -> SafeString:
        return meter(row.remaining_micros / row.amount_micros, format_usd(row.remaining_micros))

    @display(description="From", ordering="effective")
    def effective_(self, row: Grant) -> SafeString:
        return moment(row.effective)

    @display(description="Until", ordering="expires")
    def expires_(self, row: Grant) -> SafeString | str:
        return moment(row.expires) if row.expires else "no end"

    @display(description="Given on", ordering="created")
    def given_(self, row: Grant) -> SafeString:
        return moment(row.created)
