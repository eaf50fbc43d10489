"""What staff change in the admin, as entries of the log of the tenant it concerns, or else of the platform's."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model

from tenants.audit.actor import current_actor
from tenants.audit.recording import record, record_platform
from tenants.models import Tenant


def record_change(
    row: Model, what: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, word: str
) -> None:
    """Record one change; `what` is added, changed or deleted, `word` what an action called it."""
    kind = row._meta.model_name or ""
    entry: dict[str, Any] = {
        "actor": current_actor(),
        "object_type": kind,
        "object_id": (before or after or {}).get(row._meta.pk.name, row.pk) or "",
        **_differing(before, after, word),
    }
    action = f"admin.{kind}_{what}"
    tenant_id = row.pk if isinstance(row, Tenant) else getattr(row, "tenant_id", None)
    if isinstance(tenant_id, UUID):
        record(action, **entry, tenant_id=tenant_id)
    else:
        record_platform(action, **entry)


def _differing(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, word: str
) -> dict[str, Any]:
    """Return what the entry holds of both sides: of a change only the fields that differ."""
    if before is not None and after is not None:
        names = [name for name in after if before.get(name) != after[name]]
        before, after = ({name: side.get(name) for name in names} for side in (before, after))
    said = {"done": word} if word else {}
    return {"before": before, "after": {**(after or {}), **said} if after is not None or said else None}
