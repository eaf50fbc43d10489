"""Where files of a tenant lie: `<state>/tenants/<32 hexadecimal digits>/`, and nowhere else."""

from pathlib import Path
from uuid import UUID

from django.conf import settings


def folder_of(tenant_id: UUID | str) -> Path:
    """Return the tenant's folder, whether it is there or not; who writes into it makes it, readable by us alone."""
    return Path(settings.ENVIRONMENT.state_dir) / "tenants" / UUID(str(tenant_id)).hex
