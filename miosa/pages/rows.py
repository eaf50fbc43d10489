"""What the admin's lists have in common: rows of all tenants, told apart; and facts, which nobody edits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_tenants.utils import tenant_context

from miosa.pages.recorded import Recorded
from miosa.pg.platform import platform

TEXT_COLUMNS = ("output", "data", "parameters", "stdout", "stderr", "ranked", "requirement", "pattern")


class TenantRows(Recorded):
    """Rows of tenants: the admin sees everybody's, so each list shows and filters by tenant."""

    list_filter: ClassVar[Any] = ("tenant",)
    list_select_related: ClassVar[Any] = ("tenant",)
    list_per_page = 50
    show_full_result_count = False
    compressed_fields = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave long columns in the database where only the list is shown."""
        rows: QuerySet[Any] = super().get_queryset(request)
        match = request.resolver_match
        if match is None or not (match.url_name or "").endswith("_changelist"):
            return rows
        names = {field.name for field in self.model._meta.concrete_fields}
        return rows.defer(*(name for name in TEXT_COLUMNS if name in names))


class Facts(TenantRows):
    """Rows that say what happened: to be read, never added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@contextmanager
def as_tenant(tenant: Any) -> Iterator[None]:
    """Act as the application does for this tenant: inside its wall, not as the platform."""
    with platform(on=False), tenant_context(tenant):
        yield
