"""API keys: made here and shown once, revoked for good."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django_tenants.utils import get_tenant_model
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from miosa.limits_environment import MOST
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import NONE, badge, chips, link, moment
from miosa.pages.columns import Columns
from miosa.pages.making import MadeByFunction
from miosa.pages.rows import Facts, as_tenant
from tenants import api_keys
from tenants.models import ApiKey, Tenant
from tenants.scopes import ALL, READ, WORK

MOST_MICROS = 10**15  # a billion dollars


class KeyForm(forms.Form):
    """For whom the key is, and what it may do."""

    tenant: Any = forms.ModelChoiceField(queryset=None, widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        max_length=80,
        widget=UnfoldAdminTextInputWidget,
        help_text="What will use it, as in `nightly report`.",
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in sorted(ALL)],
        initial=sorted(WORK),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=f"The first choice works with tasks; reading only takes {', '.join(sorted(READ))}.",
    )
    expires_at = forms.SplitDateTimeField(
        required=False, widget=UnfoldAdminSplitDateTimeWidget, help_text="UTC; empty: it never expires."
    )
    rate_per_minute = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Requests a minute; empty: as many as any credential.",
    )
    budget_micros = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_MICROS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Micro-dollars a calendar month (1,000,000 are a dollar); empty: as much as the tenant has.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenant"].queryset = get_tenant_model().objects.order_by("slug")  # type: ignore[attr-defined]

    def clean_expires_at(self) -> Any:
        moment_ = self.cleaned_data["expires_at"]
        if moment_ and moment_ <= timezone.now():
            raise forms.ValidationError("This moment is past.")
        return moment_


@admin.register(ApiKey)
class ApiKeyAdmin(Columns, MadeByFunction, Facts):
    """A machine's credential; only its hash is stored."""

    making_form = KeyForm
    list_display = ("name", "tenant", "shown", "state", "created_by", "last_used", "created_")
    list_filter = ("tenant", "revoked_at", "created")
    list_select_related = ("tenant", "created_by")
    search_fields = ("name", "prefix")
    search_help_text = "Search in names and beginnings of keys"
    ordering = ("-created",)
    fields = (
        ("tenant", "name"),
        ("shown", "state"),
        "scopes_",
        ("created_by", "created_"),
        ("rate", "budget", "made_by_key"),
        ("expires", "last_used", "revoked"),
    )
    actions_detail = ("revoke",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("tenants.add_apikey")

    def has_revoke_permission(self, request: HttpRequest, object_id: str) -> bool:
        """Tell whether this person may revoke, and whether the key still lives."""
        living = ApiKey.objects.filter(pk=object_id, revoked_at=None)
        return request.user.has_perm("tenants.change_apikey") and living.exists()

    def made(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
        """Make the key and show it in this answer, the only one that ever holds it.

        It is the platform's: it hangs on no member of the tenant. Who made it stands in the audit log.
        """
        tenant: Tenant = values["tenant"]
        with as_tenant(tenant):
            key, plain = api_keys.make(
                values["name"],
                scopes=values["scopes"],
                expires_at=values["expires_at"],
                rate_per_minute=values["rate_per_minute"],
                budget_micros=values["budget_micros"],
            )
        self.log_addition(request, key, "Made.")
        context = {**self.admin_site.each_context(request), "title": "Your new API key", "key": key, "plain": plain,
                   "tenant": tenant}  # fmt: skip
        answer = TemplateResponse(request, "admin/tenants/apikey/made.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @after_asking(
        "Revoke",
        title="Revoke this key?",
        told="Whoever uses it is refused from now on. A revoked key never works again; make a new one instead.",
        button="Revoke for good",
        icon="key_off",
        permission="revoke",
    )
    def revoke(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        key = ApiKey.objects.select_related("tenant").get(pk=object_id)
        with as_tenant(key.tenant):
            api_keys.revoke(key)
        self.log_change(request, key, "Revoked.")
        messages.success(request, f"The key {key} is revoked.")
        return turn_to(request, reverse("admin:tenants_apikey_change", args=[object_id]))

    @display(description="Begins with", ordering="prefix")
    def shown(self, row: ApiKey) -> SafeString:
        return chips([f"{row.prefix[:6]}…{row.prefix[-6:]}…"])

    @display(description="State")
    def state(self, row: ApiKey) -> SafeString:
        if row.revoked_at:
            return badge("revoked")
        expired = row.expires_at and row.expires_at <= timezone.now()
        return badge("expired" if expired else "active")

    @display(description="Expires", ordering="expires_at")
    def expires(self, row: ApiKey) -> SafeString:
        return moment(row.expires_at)

    @display(description="Revoked", ordering="revoked_at")
    def revoked(self, row: ApiKey) -> SafeString:
        return moment(row.revoked_at)

    @display(description="Last used", ordering="last_used_at")
    def last_used(self, row: ApiKey) -> SafeString:
        return moment(row.last_used_at)

    @display(description="Requests a minute")
    def rate(self, row: ApiKey) -> str:
        return "no limit of its own" if row.rate_per_minute is None else f"{row.rate_per_minute:,}"

    @display(description="Budget a month")
    def budget(self, row: ApiKey) -> str:
        return "no limit of its own" if row.budget_micros is None else f"{row.budget_micros:,} micro-dollars"

    @display(description="Made by key")
    def made_by_key(self, row: ApiKey) -> SafeString:
        return link("tenants_apikey", "open", to=row.parent_id) if row.parent_id else SafeString(NONE)

    @display(description="Scopes")
    def scopes_(self, row: ApiKey) -> SafeString:
        return chips(row.scopes)
