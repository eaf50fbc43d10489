"""The tenant's wall around work that no HTTP request brought: Celery tasks and threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django_tenants.utils import tenant_context

from tenants.models import Tenant


@contextmanager
def task_scope(tenant_id: UUID | str) -> Iterator[Tenant]:
    """Work as one tenant; raises Tenant.DoesNotExist for an unknown one."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with tenant_context(tenant):
        yield tenant
