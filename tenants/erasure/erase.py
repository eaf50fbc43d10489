"""Erasing a tenant: one transaction deletes every row, then what lies outside of it, then a receipt says that all is gone.

Before the transaction commits nothing has happened; after it the tenant is gone for everybody, and its receipt says
what is still to be done. A crash between the two is finished by erasing the same slug again.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import Error, connection, connections, transaction
from django_tenants.utils import tenant_context

from miosa.pg.owner import as_owner
from miosa.pg.patience import take_time
from miosa.pg.tenant_entry import LOCKS
from tenants import audit
from tenants.erasure import receipts, remains, rows
from tenants.erasure.catalogue import left
from tenants.erasure.receipts import Receipt
from tenants.erasure.refusal import ErasureRefused
from tenants.models import ErasureReceipt, Tenant

CHECK_LIMIT_S = 900
LOCK_TIMEOUT = "55P03"


def erase(
    tenant: Tenant, *, by: str, work_in_progress: Callable[[], int], force: bool, wait_s: float
) -> ErasureReceipt:
    """Delete every row of the tenant and the people who are members nowhere else; return the receipt, not yet complete.

    `work_in_progress` is asked inside the tenant when nobody else is there any more.

    Raises:
        ErasureRefused: there is work in progress and no force, or rows are left; nothing was deleted.
        OwnerUnknown: no URL of the owner's login is known.
    """
    try:
        with as_owner(), tenant_context(tenant), transaction.atomic(), connection.cursor() as cursor:
            _freeze(cursor, tenant, wait_s)
            if (waiting := work_in_progress()) and not force:
                raise ErasureRefused(
                    f"{waiting} executions of {tenant.slug} have not ended: cancel them or wait, or give --force."
                )
            deleted, people = rows.delete(cursor, tenant.pk)
            _refuse_left(left(cursor, tenant.pk, views=False), "nothing was deleted")
            if deleted.get("tenants_tenant") != 1:
                raise ErasureRefused(f"{tenant.slug} was erased by somebody else meanwhile.")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            return receipts.begin(tenant, deleted, people, by=by, forced=bool(waiting))
    except Error as error:
        raise ErasureRefused(_refused(tenant, error, wait_s)) from error


def finish(row: ErasureReceipt, *, forget: Sequence[Callable[[], Any]]) -> Receipt:
    """Remove what lies outside of the tenant's tables, look that nothing is left, and complete the receipt.

    `forget` makes those who keep copies of rows take them anew, the schema's readers before the schema goes. May be
    repeated: a complete receipt stays as it is. Raise ErasureRefused where something cannot be removed now.
    """
    tenant_id = row.former_tenant
    try:
        for renew in forget:
            renew()
        remains.drop_schema(tenant_id)
        keys, files = remains.delete_keys(tenant_id), remains.delete_files(tenant_id)
        with transaction.atomic(using="platform"), connections["platform"].cursor() as cursor:
            take_time(CHECK_LIMIT_S, using="platform")
            _refuse_left(left(cursor, tenant_id, views=True), "run this again")
            if receipts.complete(row, keys=keys, files=files):
                _record(row)
    except Error as error:
        raise ErasureRefused(
            f"All rows are deleted, but the database refused what follows ({_first_line(error)}): run this again."
        ) from error
    return receipts.of(receipts.again(row))


def _freeze(cursor: Any, tenant: Tenant, wait_s: float) -> None:
    """Let nobody into the tenant from now on, and wait until who is inside has left."""
    cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{max(1, round(wait_s * 1000))}ms"])
    cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCKS, str(tenant.pk)])


def _record(row: ErasureReceipt) -> None:
    audit.record_platform(
        "tenant.erased",
        actor="system",
        object_type="tenant",
        object_id=row.former_tenant,
        before={"slug": row.slug},
        after={"receipt": str(row.pk), "rows": sum(row.document["rows"].values()), "by": row.document["by"]},
    )


def _refuse_left(found: dict[str, int], consequence: str) -> None:
    if found:
        table, count = next(iter(found.items()))
        raise ErasureRefused(f"{count} rows of the tenant are left in {table}: {consequence}.")


def _refused(tenant: Tenant, error: Error, wait_s: float) -> str:
    if getattr(error.__cause__, "sqlstate", "") == LOCK_TIMEOUT:
        return (
            f"Somebody works on rows of {tenant.slug} and did not end in {wait_s:g} seconds. Nothing was deleted: "
            "run this again, or give --wait more seconds."
        )
    return f"The database refused, and nothing was deleted: {_first_line(error)}"


def _first_line(error: Error) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
