"""Whose books an operator means."""

from typing import Any

from django.core.management.base import CommandError

from tenants.registry import tenant_by_slug


def named(slug: str) -> Any:
    """Return the tenant; raises CommandError where there is none of that name."""
    tenant = tenant_by_slug(slug)
    if tenant is None:
        raise CommandError(f"There is no tenant {slug}: `manage.py tenants list` names them.")
    return tenant
