"""What the tests of erasing share: the command, and what is left of a tenant."""

from typing import Any

from django.core.management import call_command
from django.db import connections, transaction

from tenants.erasure.catalogue import left


def rows_left(tenant: Any) -> dict[str, int]:
    with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
        return left(cursor, tenant.pk, views=True)


def erased(slug: str, *how: str) -> None:
    call_command("tenants", "erase", slug, "--yes", *how)
