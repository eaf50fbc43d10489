"""What a page of pictures is asked to show: whose rows, of which time; and where these rows lie."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from routing.pictures.period import CHOICES, Period, period
from tenants.models import Tenant
from tenants.places import home_of, place

NAMES = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}


class Chosen(NamedTuple):
    """`tenant` None: all that lie where the page looks."""

    tenant: Tenant | None
    period: Period

    @property
    def tenant_id(self) -> UUID | None:
        return self.tenant.pk if self.tenant else None

    def context(self) -> dict[str, Any]:
        """What the form of choices shows."""
        return {
            "tenants": list(Tenant.objects.order_by("slug")),
            "tenant": self.tenant,
            "period": self.period,
            "periods": [(name, NAMES[name]) for name in CHOICES],
        }


def chosen(request: HttpRequest) -> Chosen:
    """Read `?tenant=` and `?period=`; a text that names none counts as not given."""
    asked = request.GET
    return Chosen(tenant_named(asked.get("tenant", "")), period(asked.get("period", ""), now=timezone.now()))


def tenant_named(text: str) -> Tenant | None:
    """Return the tenant with this id."""
    try:
        found: Tenant | None = Tenant.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None
    return found


@contextmanager
def looking_at(tenant: Tenant | None) -> Iterator[None]:
    """Read a tenant's rows where they lie; without one, where the page looks already."""
    if tenant is None:
        yield
        return
    with place(home_of(tenant)):
        yield
