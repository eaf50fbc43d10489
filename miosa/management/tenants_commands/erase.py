"""`tenants erase`: a tenant is gone, and a signed receipt says so."""

import getpass
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from agents.models import Execution
from miosa import statistics
from miosa.management.tenants_commands import moving
from miosa.pg.owner import OwnerUnknown
from tenants.archive.errors import ArchiveRefused
from tenants.archive.writing import drafted, refuse_existing
from tenants.erasure import receipts
from tenants.erasure.erase import erase, finish
from tenants.erasure.receipts import Receipt
from tenants.erasure.refusal import ErasureRefused
from tenants.models import ErasureReceipt, Tenant
from tenants.registry import tenant_by_slug

NAME = "erase"
HELP = "Delete a tenant for good: rows, people of no other tenant, keys and files. Prints a signed receipt."
REFRESH_WAIT_S = 120.0


def add_arguments(parser: CommandParser) -> None:
    moving.add_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask for the slug once more")
    parser.add_argument("--force", action="store_true", help="also while executions have not ended")
    parser.add_argument("--receipt", type=Path, metavar="FILE", help="write the receipt there too")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    try:
        if options["receipt"]:
            refuse_existing(options["receipt"], force=False)
        receipt = _erased(options)
        if options["receipt"]:
            with drafted(options["receipt"], force=False) as file:
                file.write(f"{receipt.as_json()}\n".encode())
    except (ErasureRefused, ArchiveRefused, OwnerUnknown) as refused:
        raise CommandError(str(refused)) from refused
    out.write(receipt.as_json())
    return 0


def _erased(options: dict[str, Any]) -> Receipt:
    """Erase what is there, finish what was begun, or return the receipt of what is long gone."""
    slug = options["slug"]
    earlier = [_finished(row) for row in receipts.stored(slug) if not row.document["completed_at"]]
    tenant = tenant_by_slug(slug)
    if tenant is None:
        gone = receipts.stored(slug)
        if not gone:
            raise ErasureRefused(f"There is no tenant {slug}: `manage.py tenants list` shows them.")
        return earlier[0] if earlier else receipts.of(gone[0])
    if not options["yes"]:
        _ask(tenant)
    row = erase(
        tenant,
        by=getpass.getuser(),
        work_in_progress=executions_not_ended,
        force=options["force"],
        wait_s=options["wait"],
    )
    return _finished(row)


def executions_not_ended() -> int:
    """Return how many executions of the current tenant a worker may still work on."""
    return Execution.objects.filter(state__in=[Execution.State.PENDING, Execution.State.IN_PROGRESS]).count()


def _finished(row: ErasureReceipt) -> Receipt:
    return finish(row, forget=(statistics.rebuild, refresh_statistics))


def refresh_statistics() -> None:
    """Refresh the statistics, after whoever does it at the moment: theirs may have begun before the rows went."""
    deadline = time.monotonic() + REFRESH_WAIT_S
    while not statistics.refresh():
        if time.monotonic() > deadline:
            raise ErasureRefused(
                "All rows are deleted, but the statistics are being refreshed: run this again."
            )
        time.sleep(1)


def _ask(tenant: Tenant) -> None:
    try:
        typed = input(f"{tenant.name} will be deleted for good. Type its slug ({tenant.slug}) to go on: ")
    except EOFError:
        typed = ""
    if typed.strip() != tenant.slug:
        raise ErasureRefused(f"{tenant.slug} was not erased: its slug was not typed. --yes does not ask.")
