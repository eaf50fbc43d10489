"""What was agreed with one tenant alone."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from billing.agreements import unusable
from billing.models import Agreement
from billing.models.agreement import TERMS
from billing.subscriptions import agree, end_agreement
from miosa.pages.cells import moment
from miosa.pages.rows import as_tenant
from miosa.pages.tenant_form import TenantForm, TenantFormRows


class AgreementForm(TenantForm):
    """Which term, which value, why, from when until when."""

    term = forms.ChoiceField(choices=TERMS, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Agreement
        fields = ("term", "value", "reason", "effective", "expires")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "term" in cleaned and (why := unusable(cleaned["term"], cleaned.get("value"))):
            self.add_error("value", why)
        return cleaned


@admin.register(Agreement)
class AgreementAdmin(TenantFormRows):
    """Once made, an agreement is not edited: it is ended, and another is made."""

    form = AgreementForm
    fields = ("tenant", "term", "value", "reason", ("effective", "expires"))
    list_display = ("term_", "tenant", "value_", "reason", "effective_", "expires_")
    list_filter = ("tenant", "term")
    ordering = ("-created",)
    actions = ("end_now",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"effective": timezone.now(), **super().get_changeform_initial_data(request)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whoever may agree may end it."""
        return self.has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Agreement, form: Any, change: Any) -> None:
        """Agree as the tenant itself, so that its open month follows."""
        chosen = {
            name: form.cleaned_data[name] for name in ("term", "value", "reason", "effective", "expires")
        }
        with as_tenant(obj.tenant):
            obj.pk = agree(**chosen).pk

    @admin.action(description="End now", permissions=["end"])
    def end_now(self, request: HttpRequest, queryset: QuerySet[Agreement]) -> None:
        """From this moment on the plan's own terms count again."""
        for row in queryset.select_related("tenant"):
            with as_tenant(row.tenant):
                end_agreement(row.pk)
        self.message_user(request, "Ended.", messages.SUCCESS)

    @display(description="Term", ordering="term")
    def term_(self, row: Agreement) -> str:
        return dict(TERMS).get(row.term, row.term)

    @display(description="Value", ordering="value")
    def value_(self, row: Agreement) -> str:
        return "no limit" if row.value is None else f"{row.value:,}"

    @display(description="From", ordering="effective")
    def effective_(self, row: Agreement) -> SafeString:
        return moment(row.effective)

    @display(description="Until", ordering="expires")
    def expires_(self, row: Agreement) -> SafeString | str:
        return moment(row.expires) if row.expires else "no end"
