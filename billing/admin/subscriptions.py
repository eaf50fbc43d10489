"""Who is on which plan."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from billing.models import Subscription
from billing.money import format_usd
from billing.price_list import plans_at
from billing.subscriptions import subscribe
from miosa.pages.cells import badge, moment
from miosa.pages.rows import as_tenant
from miosa.pages.tenant_form import TenantForm, TenantFormRows


class SubscriptionForm(TenantForm):
    """Which tenant, which plan."""

    plan = forms.ChoiceField(
        choices=lambda: [
            (plan.slug, f"{plan.name}: {format_usd(plan.allowance_micros)} a month")
            for plan in plans_at().values()
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
        return badge("plan", text=plans_at()[row.plan].name if row.plan in plans_at() else row.plan)

    @display(description="Since", ordering="since")
    def since_(self, row: Subscription) -> SafeString:
        return moment(row.since)
