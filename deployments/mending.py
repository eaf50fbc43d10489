"""What the host of our own holds and no row knows is removed, after a grace: nothing serves on that nobody can see.

The other direction, a row whose site the host has lost, is mended by whoever looks at the service.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from deployments.hosting.client import HostError, HostingClient
from deployments.models import Service
from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)

GRACE = timedelta(hours=1)  # a row may be on its way, or a database be brought back from its copy
REMEMBERED = timedelta(days=2)


def mend() -> int:
    """Remove what is nobody's; return how many sites that were. Nothing where there is no host."""
    if not settings.ENVIRONMENT.hosting_url:
        return 0
    host, removed = HostingClient(settings.ENVIRONMENT.hosting_url), 0
    try:
        for site in host.sites():
            place = site["tenant_id"], site["name"]
            if not _is_known(*place) and _is_old(*place):
                host.destroy(place)
                removed += 1
                logger.warning("The site %s of tenant %s was nobody's and is removed", place[1], place[0])
    except HostError as error:
        logger.warning("The host does not tell what it holds; it is asked again: %s", error)
    finally:
        host.close()
    return removed


def _is_known(tenant_id: str, name: str) -> bool:
    try:
        with task_scope(UUID(tenant_id)):
            rows = Service.objects.filter(target="local", name=name)
            return bool(rows.exclude(state=Service.State.DESTROYED, settled__gte=F("generation")).exists())
    except (Tenant.DoesNotExist, ValueError):
        return False


def _is_old(tenant_id: str, name: str) -> bool:
    """Whether it was nobody's for the whole grace; the first sight of it is remembered."""
    now = timezone.now()
    key = f"hosting-nobodys:{tenant_id}:{name}"
    first = cache.get_or_set(key, now.timestamp(), timeout=int(REMEMBERED.total_seconds()))
    return bool(now.timestamp() - float(first or now.timestamp()) >= GRACE.total_seconds())
