"""Tenants and their host names."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import badge, chips, moment
from miosa.pages.making import MadeByFunction
from miosa.pages.recorded import Recorded
from miosa.pg.platform import platform
from tenants import provisioning
from tenants.admin.vantage import vantage
from tenants.models import Domain, Tenant


class OpeningForm(forms.Form):
    """What opening a tenant takes: its name and its owner."""

    slug = forms.SlugField(
        max_length=48,
        widget=UnfoldAdminTextInputWidget,
        help_text="How the tenant is called in commands; it stays.",
    )
    name = forms.CharField(max_length=120, widget=UnfoldAdminTextInputWidget)
    owner_email = forms.EmailField(
        widget=UnfoldAdminEmailInputWidget,
        label="Owner's e-mail",
        help_text="A person who is known already becomes the owner.",
    )
    password = forms.CharField(
        required=False,
        min_length=10,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="For a new person only. Without one they cannot sign in with a password.",
    )
    domain = forms.CharField(
        required=False,
        max_length=253,
        widget=UnfoldAdminTextInputWidget,
        help_text="A host name, where it has one.",
    )

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if Tenant.objects.filter(slug=slug).exists():
            raise forms.ValidationError("There is a tenant of this name already.")
        return slug

    def clean_domain(self) -> str:
        domain: str = self.cleaned_data["domain"].lower()
        if domain and Domain.objects.filter(domain=domain).exists():
            raise forms.ValidationError("This host name leads to another tenant.")
        return domain


class DomainInline(TabularInline):
    """The tenant's host names, on its page."""

    model = Domain
    extra = 0
    fields = ("domain", "is_primary")


@admin.register(Tenant)
class TenantAdmin(MadeByFunction):
    """The registry: opened by provisioning, deactivated and activated, never deleted."""

    making_form = OpeningForm
    list_display = ("slug", "name", "state", "isolation", "hosts", "created_")
    list_filter = ("active", "isolation", "created")
    search_fields = ("slug", "name")
    fields = (("slug", "name"), ("state", "isolation", "created_"), "id")
    readonly_fields = ("slug", "state", "isolation", "created_", "id")
    inlines = (DomainInline,)
    actions_detail = ("deactivate", "activate")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("domains")

    def made(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
        """Open the tenant as commands do."""
        with platform(on=False):
            opened = provisioning.open_tenant(
                values["slug"],
                name=values["name"],
                owner_email=values["owner_email"],
                password=values["password"] or None,
                domain=values["domain"],
            )
        self.log_addition(request, opened.tenant, "Opened.")
        messages.success(request, f"The tenant {opened.tenant} is open; {opened.owner} owns it.")
        return turn_to(request, reverse("admin:tenants_tenant_change", args=[opened.tenant.pk]))

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("look-at/", "tenants_vantage", self.vantage_view),)

    def vantage_view(self, request: HttpRequest, **_model_admin: Any) -> HttpResponse:
        """Choose which tables the pages show."""
        return vantage(request, site=self.admin_site)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_deactivate_permission(self, request: HttpRequest, object_id: str) -> bool:
        return (
            self.has_change_permission(request) and Tenant.objects.filter(pk=object_id, active=True).exists()
        )

    def has_activate_permission(self, request: HttpRequest, object_id: str) -> bool:
        return (
            self.has_change_permission(request) and Tenant.objects.filter(pk=object_id, active=False).exists()
        )

    @after_asking(
        "Deactivate",
        title="Deactivate this tenant?",
        told="Its keys and tokens are refused from now on. Its rows stay, and it can be activated again.",
        button="Deactivate",
        icon="block",
        permission="deactivate",
    )
    def deactivate(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self._set_active(request, object_id, active=False)

    @after_asking(
        "Activate",
        title="Activate this tenant?",
        told="Its keys and tokens are accepted again.",
        button="Activate",
        icon="play_arrow",
        permission="activate",
        harmless=True,
    )
    def activate(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self._set_active(request, object_id, active=True)

    def _set_active(self, request: HttpRequest, object_id: str, *, active: bool) -> HttpResponse:
        tenant = self.get_object(request, object_id)
        tenant.active = active
        done = "activated" if active else "deactivated"
        with transaction.atomic(using="platform"):
            tenant.save(update_fields=["active"])
            self.log_change(request, tenant, f"{done.capitalize()}.")
        messages.success(request, f"The tenant {tenant} is {done}.")
        return turn_to(request, reverse("admin:tenants_tenant_change", args=[object_id]))

    @display(description="State", ordering="active")
    def state(self, row: Tenant) -> SafeString:
        return badge("active" if row.active else "inactive")

    @display(description="Host names")
    def hosts(self, row: Tenant) -> SafeString:
        return chips(domain.domain for domain in row.domains.all())

    @display(description="Created", ordering="created")
    def created_(self, row: Tenant) -> SafeString:
        return moment(row.created)


@admin.register(Domain)
class DomainAdmin(Recorded):
    """Host names that lead to tenants."""

    list_display = ("domain", "tenant", "is_primary")
    list_filter = ("tenant", "is_primary")
    list_select_related = ("tenant",)
    search_fields = ("domain",)
