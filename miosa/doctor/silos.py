"""How a throw-away tenant gets a schema of its own, and loses it again."""

from miosa.pg.platform import platform
from tenants.models import Tenant
from tenants.moving import move, schema

PATIENCE_S = 10.0  # nobody but the doctor works in its tenants


def to_silo(tenant: Tenant) -> Tenant:
    """Give the tenant a schema of its own; return its row anew."""
    move.silo(tenant.slug, wait_s=PATIENCE_S, say=_quietly)
    return _anew(tenant)


def to_pool(tenant: Tenant) -> bool:
    """Take the tenant's schema away, whole or half made; return whether it had one."""
    if tenant.isolation == Tenant.Isolation.POOL and not schema.exists(tenant.schema_name):
        return False
    move.pool(tenant.slug, wait_s=PATIENCE_S, say=_quietly)
    return True


def _anew(tenant: Tenant) -> Tenant:
    with platform():
        return Tenant.objects.get(pk=tenant.pk)


def _quietly(_line: str) -> None:
    """The doctor tells what it found, not how it got there."""
