"""Keys in Valkey: each begins with the tenant whose data it leads to, so that one tenant's can be found and removed."""

from uuid import UUID

from tenants.owned import current_tenant_id

PUBLIC = "public:"


def prefix(tenant_id: UUID | str) -> str:
    """Return what every key of a tenant begins with: `t:`, 32 hexadecimal digits, `:`."""
    return f"t:{UUID(str(tenant_id)).hex}:"


def key(name: str, key_prefix: str, version: int) -> str:
    """Answer settings.CACHES' KEY_FUNCTION: the current tenant's key, or a public one outside of any tenant."""
    tenant_id = current_tenant_id()
    return f"{prefix(tenant_id) if tenant_id else PUBLIC}{key_prefix}:{version}:{name}"
