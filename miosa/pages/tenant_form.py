"""Rows of tenants that are edited here: the tenant is asked for when the row is made, and fixed afterwards."""

from typing import Any

from django import forms
from django.contrib.admin.utils import flatten_fieldsets
from django.http import HttpRequest
from django_tenants.utils import get_tenant_model
from unfold.widgets import UnfoldAdminSelectWidget

from miosa.pages.rows import TenantRows

TENANT = "tenant"


class TenantForm(forms.ModelForm):
    """`tenant` is no editable field of tenant rows, so the form declares it and sets it."""

    tenant: Any = forms.ModelChoiceField(queryset=None, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields[TENANT]
        field.queryset = get_tenant_model().objects.order_by("slug")
        if not self.instance._state.adding:  # noqa: SLF001  Django's own mark of a row that is not stored yet
            field.queryset = field.queryset.filter(pk=self.instance.tenant_id)
            field.initial, field.disabled = self.instance.tenant_id, True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if tenant := cleaned.get(TENANT):
            self.instance.tenant = tenant
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        """Let the constraints that begin with the tenant be checked, as they would be for an editable field."""
        exclude: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return exclude - {TENANT}


class TenantFormRows(TenantRows):
    """A list whose form is a TenantForm; it names its `fields`."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: Any = False, **kwargs: Any) -> Any:
        names = kwargs.get("fields", flatten_fieldsets(self.get_fieldsets(request, obj)))
        if names is not None:
            kwargs["fields"] = [name for name in names if name != TENANT]
        return super().get_form(request, obj, change, **kwargs)
