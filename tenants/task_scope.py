"""The tenant's wall around work that no HTTP request brought: Celery tasks and threads."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from uuid import UUID

from django.db import IntegrityError
from django_tenants.utils import tenant_context

from tenants.models import Tenant
from tenants.registry import tenant_by_id

logger = logging.getLogger(__name__)


@contextmanager
def task_scope(tenant_id: UUID | str) -> Iterator[Tenant]:
    """Work as one tenant; raises Tenant.DoesNotExist for an unknown one."""
    tenant = tenant_by_id(tenant_id)
    if tenant is None:
        raise Tenant.DoesNotExist(f"There is no tenant {tenant_id}.")
    with tenant_context(tenant):
        yield tenant


def ends_with_its_tenant(work: Callable[..., None]) -> Callable[..., None]:
    """Let a task end quietly whose tenant was erased, before it began or under its hands: nothing is left to do.

    The tenant's id is the task's first argument. Under its hands, what it writes refers to nobody.
    """

    @wraps(work)
    def run(tenant_id: str, *ids: str) -> None:
        try:
            work(tenant_id, *ids)
        except (Tenant.DoesNotExist, IntegrityError):
            if tenant_by_id(tenant_id) is not None:
                raise
            logger.info("Tenant %s is gone: %s has nothing left to do", tenant_id, work.__name__)

    return run
