"""How entries hang together: each digest covers its entry, and the digest of the one before."""

import hmac
import json
from datetime import UTC
from ipaddress import ip_address
from typing import Any

from tenants.models.audit_entry import AuditFact
from tenants.secrets import derived_key

START = bytes(32)  # stands before the first entry
PLATFORM = "platform"
SIGNED_COLUMNS = ("action", "actor", "after", "before", "number", "object_id", "object_type", "request_id")


def chain_of(entry: AuditFact) -> str:
    """Return the name of the chain an entry belongs to: its tenant's id, or `platform`."""
    return str(getattr(entry, "tenant_id", PLATFORM))


def digest_of(entry: AuditFact, *, key: bytes | None = None) -> bytes:
    """Return the 32-byte HMAC-SHA256 over every column but the digest itself."""
    return hmac.digest(key or derived_key("audit"), canonical(entry), "sha256")


def canonical(entry: AuditFact) -> bytes:
    """Return the entry as JSON that is the same bytes before it is stored and after it is read."""
    columns: dict[str, Any] = {name: getattr(entry, name) for name in SIGNED_COLUMNS}
    columns |= {
        "chain": chain_of(entry),
        "id": str(entry.pk),
        "created": entry.created.astimezone(UTC).isoformat(timespec="microseconds"),
        "address": str(ip_address(entry.address)) if entry.address else None,
        "previous": bytes(entry.previous).hex(),
    }
    return json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
