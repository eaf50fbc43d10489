"""Secrets of tenants: named, set and deleted here; no page ever shows one."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django_tenants.utils import get_tenant_model
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import chips, moment
from miosa.pages.columns import Columns
from miosa.pages.making import MadeByFunction
from miosa.pages.rows import Facts, as_tenant
from tenants import vault
from tenants.models import StoredSecret


class SecretForm(forms.Form):
    """Whose it is, what it is for, and the value."""

    tenant: Any = forms.ModelChoiceField(queryset=None, widget=UnfoldAdminSelectWidget)
    name = forms.CharField(
        max_length=vault.MOST_NAME,
        widget=UnfoldAdminTextInputWidget,
        help_text="As in provider/groq, webhook/billing or environment/shop/API_KEY; one of this name is replaced.",
    )
    value = forms.CharField(
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Never shown again.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenant"].queryset = get_tenant_model().objects.order_by("slug")  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        try:
            vault.refuse_name(self.cleaned_data["name"])
        except Problem as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return str(self.cleaned_data["name"])

    def clean_value(self) -> str:
        value: str = self.cleaned_data["value"]
        if len(value.encode()) > vault.MOST_BYTES:
            raise forms.ValidationError(f"A secret holds up to {vault.MOST_BYTES} bytes.")
        return value


@admin.register(StoredSecret)
class StoredSecretAdmin(Columns, MadeByFunction, Facts):
    """What a tenant keeps with us, sealed."""

    making_form = SecretForm
    list_display = ("name", "tenant", "key", "updated_", "created_")
    list_filter = ("tenant", "key_id", "created")
    search_fields = ("name",)
    ordering = ("tenant__slug", "name")
    fields = (("tenant", "name"), "key", ("created_", "updated_"))
    actions_detail = ("delete_secret",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("sealed")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("tenants.add_storedsecret")

    def has_removal_permission(self, request: HttpRequest, object_id: str) -> bool:
        """Tell whether this person may delete secrets."""
        return request.user.has_perm("tenants.delete_storedsecret")

    def made(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
        """Seal it as the tenant itself would."""
        with as_tenant(values["tenant"]):
            row = vault.put(values["name"], values["value"])
        self.log_change(request, row, "Set.")
        messages.success(request, f"The secret {row.name} of {values['tenant']} is set.")
        return turn_to(request, reverse("admin:tenants_storedsecret_changelist"))

    @after_asking(
        "Delete",
        title="Delete this secret?",
        told="Whatever needs it fails from now on. It cannot be brought back.",
        button="Delete for good",
        icon="delete",
        permission="removal",
    )
    def delete_secret(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        row = StoredSecret.objects.select_related("tenant").get(pk=object_id)
        self.log_change(request, row, "Deleted.")
        with as_tenant(row.tenant):
            vault.forget(row.name)
        messages.success(request, f"The secret {row.name} is deleted.")
        return turn_to(request, reverse("admin:tenants_storedsecret_changelist"))

    @display(description="Master key", ordering="key_id")
    def key(self, row: StoredSecret) -> SafeString:
        return chips([row.key_id])

    @display(description="Set", ordering="updated")
    def updated_(self, row: StoredSecret) -> SafeString:
        return moment(row.updated)
