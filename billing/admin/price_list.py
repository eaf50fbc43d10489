"""The price list: terms of plans and prices of use, each from a moment on. What is in force already stays as it was."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from billing import price_list
from billing.admin.money_fields import DollarsField
from billing.currencies import format_minor
from billing.models import PlanPrice, PlanTerms, Rate
from billing.money import format_usd
from billing.rates import UNITS
from miosa.pages.cells import badge, moment
from miosa.pages.recorded import Recorded

PAST = "Terms count from a moment that lies ahead: what was in force before keeps its price."


class Dated(Recorded):
    """Rows in force from a moment on: those that lie ahead may be edited, all others are what happened."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        ahead = obj is None or obj.effective > timezone.now()
        return ahead and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        ahead = obj is not None and obj.effective > timezone.now()
        return ahead and super().has_delete_permission(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Let this process see it at once; the others do within seconds."""
        super().save_related(request, form, formsets, change)
        price_list.forget()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        price_list.forget()

    @display(description="In force", ordering="effective")
    def effective_(self, row: Any) -> SafeString:
        return moment(row.effective)

    @display(description="State")
    def state_(self, row: Any) -> SafeString:
        return (
            badge("queued", text="ahead")
            if row.effective > timezone.now()
            else badge("completed", text="in the books")
        )


class DatedForm(forms.ModelForm):
    """The moment lies ahead, or is now."""

    def clean_effective(self) -> Any:
        effective = self.cleaned_data["effective"]
        if effective < timezone.now() - timedelta(minutes=5):
            raise forms.ValidationError(PAST)
        return effective


class PlanTermsForm(DatedForm):
    """All that a plan allows; begun with what is in force."""

    allowance_micros = DollarsField(
        label="Allowance", help_text="US dollars of use a month that the price includes"
    )
    execution_ceiling_micros = DollarsField(
        label="Ceiling of one execution", help_text="US dollars, set aside before it starts"
    )

    class Meta:
        model = PlanTerms
        fields = [one.name for one in PlanTerms._meta.concrete_fields if one.name not in {"id", "created"}]


class Prices(TabularInline):
    """By currency and interval, in minor units."""

    model = PlanPrice
    extra = 0
    tab = False


@admin.register(PlanTerms)
class PlanTermsAdmin(Dated):
    """What each plan allows and costs, from when on."""

    form = PlanTermsForm
    inlines = (Prices,)
    list_display = ("name", "plan", "effective_", "state_", "price", "allowance", "offered")
    list_filter = ("plan", "effective")
    ordering = ("plan", "-effective")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the terms in force: `?plan=pro`."""
        given = super().get_changeform_initial_data(request)
        begun = PlanTerms.objects.filter(plan=given.get("plan", "")).order_by("-effective").first()
        if begun is None:
            return {"effective": timezone.now() + timedelta(days=1), **given}
        return {**forms.model_to_dict(begun), "effective": timezone.now() + timedelta(days=1), **given}

    @display(description="Price")
    def price(self, row: Any) -> str:
        shown = (
            f"{format_minor(one.amount_minor, one.currency)} a {one.interval}" for one in row.prices.all()
        )
        return ", ".join(shown) or "none"

    @display(description="Allowance", ordering="allowance_micros")
    def allowance(self, row: PlanTerms) -> str:
        return format_usd(row.allowance_micros)


class RateForm(DatedForm):
    """The price of one unit."""

    name = forms.ChoiceField(choices=list(UNITS.items()), widget=UnfoldAdminSelectWidget, label="Unit")
    price_micros = DollarsField(label="Price", help_text="US dollars for one unit")

    class Meta:
        model = Rate
        fields = ("name", "price_micros", "effective")


@admin.register(Rate)
class RateAdmin(Dated):
    """What a unit of use costs, from when on."""

    form = RateForm
    list_display = ("unit", "price", "effective_", "state_")
    list_filter = ("name", "effective")
    ordering = ("name", "-effective")

    @display(description="Unit", ordering="name")
    def unit(self, row: Rate) -> str:
        return UNITS.get(row.name, row.name)

    @display(description="Price", ordering="price_micros")
    def price(self, row: Rate) -> str:
        return format_usd(row.price_micros)
