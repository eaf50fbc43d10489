"""Writing to the audit log, in the transaction of what is recorded; the only writer of both tables.

Entries of one chain are written one after the other: a lock of the chain is held until the transaction ends, so a
number that was taken is there once it is committed, and a rollback leaves no gap. Record late in a transaction.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from miosa.http.client_address import current_address
from miosa.http.request_id import current_request_id
from miosa.pg.platform import on_platform, platform
from tenants.audit.chain import PLATFORM, START, digest_of
from tenants.audit.facts import told_both
from tenants.audit.turns import take_turn
from tenants.models import AuditEntry, PlatformAuditEntry, Tenant
from tenants.models.audit_entry import AuditFact
from tenants.owned import current_tenant_id

Entry = TypeVar("Entry", AuditEntry, PlatformAuditEntry)

MOST_OBJECT_ID = 80  # characters; the column's


def record(
    action: str,
    *,
    actor: str,
    object_type: str = "",
    object_id: str | UUID | int = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    tenant_id: UUID | None = None,
) -> AuditEntry:
    """Add an entry to the current tenant's log, on the login and in the transaction of the caller.

    `actor` is `user:<id>`, `key:<id>`, `staff:<id>` or `system`. Secrets among the values are hidden. The platform,
    which is in no tenant, says by `tenant_id` whose log it writes. Raises RuntimeError outside any tenant.
    """
    chain = tenant_id or current_tenant_id()
    if chain is None:
        raise RuntimeError("An audit entry of a tenant is written inside it; use record_platform.")
    entry = AuditEntry(
        tenant_id=chain,
        action=action,
        actor=actor,
        object_type=object_type,
        object_id=str(object_id)[:MOST_OBJECT_ID],
        **_facts(before, after),
    )
    return _chained(entry, str(chain), "platform" if on_platform() else "default")


def record_platform(
    action: str,
    *,
    actor: str,
    object_type: str = "",
    object_id: str | UUID | int = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> PlatformAuditEntry:
    """Add an entry to the log of what belongs to no tenant.

    It is written by the platform's login: in the caller's transaction where that is the platform's, else in its own,
    which stays even if the caller's is rolled back.
    """
    entry = PlatformAuditEntry(
        action=action,
        actor=actor,
        object_type=object_type,
        object_id=str(object_id)[:MOST_OBJECT_ID],
        **_facts(before, after),
    )
    with platform():
        return _chained(entry, PLATFORM, "platform")


def _facts(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is recorded of the values and of the request that brought them."""
    then, now = told_both(before, after)
    address = current_address()
    return {
        "before": then,
        "after": now,
        "request_id": current_request_id(),
        "address": str(ip_address(address)) if address else None,
    }


def _chained(entry: Entry, chain: str, alias: str) -> Entry:
    with transaction.atomic(using=alias):
        holder = take_turn(chain, alias)
        with _inside(entry) if holder == "default" else nullcontext():
            return _appended(entry, holder)


def _inside(entry: AuditFact) -> AbstractContextManager[None]:
    """Let the application's login write where it is not in the entry's tenant at the moment."""
    tenant_id: UUID | None = getattr(entry, "tenant_id", None)
    if tenant_id is None or tenant_id == current_tenant_id():
        return nullcontext()
    # The database itself reads from the registry where the tenant lies; its id is enough here.
    inside: AbstractContextManager[None] = tenant_context(
        Tenant(id=tenant_id, schema_name=f"t_{tenant_id.hex}")
    )
    return inside


def _appended(entry: Entry, alias: str) -> Entry:
    """Number and store the entry; what its predecessor committed is seen, since the turn was taken before."""
    rows = type(entry)._base_manager.using(alias)
    if isinstance(entry, AuditEntry):
        rows = rows.filter(tenant=entry.tenant_id)
    last = rows.order_by("-number").values_list("number", "digest").first()
    entry.number, entry.previous = (last[0] + 1, bytes(last[1])) if last else (1, START)
    entry.created = timezone.now()
    entry.digest = digest_of(entry)
    entry.save(using=alias, force_insert=True)
    return entry
