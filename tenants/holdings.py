"""What each tenant holds: rows and bytes, counted wherever the rows lie."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import connections, transaction

from miosa.pg.patience import take_time
from miosa.pg.platform import platform
from tenants.models import Tenant
from tenants.owned import TenantOwned
from tenants.places import SHARED, home_of, place, places

COUNT = "SELECT tenant_id, count(*), sum(pg_column_size(t.*)) FROM {table} t GROUP BY tenant_id"
COUNT_LIMIT_S = 900  # of one table
SHARED_BY_ALL = "tenants"  # the app whose tables no tenant has for itself


@dataclass(frozen=True, slots=True)
class Holding:
    """A tenant, the schema its rows lie in, and their number and bytes (as stored, without indexes)."""

    tenant: Tenant
    place: str
    rows: int
    size_bytes: int


def holdings() -> list[Holding]:
    """Return every tenant by slug; counts exactly, so it reads every row once."""
    sums: dict[UUID, tuple[int, int]] = {}
    for schema in places():
        with place(schema):
            for table in _tables(schema):
                _add(sums, schema, table)
    with platform():
        return [
            Holding(tenant, home_of(tenant), *sums.get(tenant.pk, (0, 0)))
            for tenant in Tenant.objects.order_by("slug")
        ]


def _tables(schema: str) -> list[str]:
    labels = settings.TENANT_APPS if schema != SHARED else [SHARED_BY_ALL, *settings.TENANT_APPS]
    models: list[Any] = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return [
        model._meta.db_table for model in models if issubclass(model, TenantOwned) and model._meta.managed
    ]


def _add(sums: dict[UUID, tuple[int, int]], schema: str, table: str) -> None:
    quote = connections["platform"].ops.quote_name
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        take_time(COUNT_LIMIT_S, using="platform")
        cursor.execute(COUNT.format(table=f"{quote(schema)}.{quote(table)}"))
        for tenant_id, number, size in cursor.fetchall():
            rows, size_bytes = sums.get(tenant_id, (0, 0))
            sums[tenant_id] = rows + int(number), size_bytes + int(size)
