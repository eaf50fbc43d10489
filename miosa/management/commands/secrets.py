"""Change the master keys under which secrets are kept, and see which of them is still needed."""

import secrets
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from miosa.variable_checks import MASTER_KEY_BYTES
from tenants import sealed, vault


class Command(BaseCommand):
    """`manage.py secrets status | rotate | new-key`."""

    help = "Master keys of stored secrets: count, change, make."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each sub-command its line of help."""
        subparsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        subparsers.add_parser("status", help="count what each master key seals")
        subparsers.add_parser("rotate", help="seal everything with the newest key, while the product runs")
        subparsers.add_parser("new-key", help="print a fresh entry for MIOSA_SECRET_KEYS")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the sub-command."""
        {"status": self._status, "rotate": self._rotate, "new-key": self._new_key}[options["subcommand"]]()

    def _new_key(self) -> None:
        made = b64encode(secrets.token_bytes(MASTER_KEY_BYTES)).decode()
        self.stdout.write(f"k{datetime.now(UTC):%y%m%d}-{secrets.token_hex(2)}:{made}")

    def _status(self) -> None:
        known = vault.master_keys()
        for kind in sealed.SEALED:
            counts = kind.by_key()
            self.stdout.write(f"{kind.name}: {sum(counts.values())}")
            for key_id, count in sorted(counts.items()):
                self.stdout.write(f"  {key_id}: {count}{_remark(key_id, known)}")

    def _rotate(self) -> None:
        newest, stuck = vault.newest_key_id(), False
        for name, (done, wrong) in sealed.rotate().items():
            self.stdout.write(f"{name}: {done} sealed anew with {newest}")
            for line in wrong:
                self.stderr.write(f"  stays as it is: {line}")
            stuck = stuck or bool(wrong)
        if stuck:
            raise SystemExit(1)
        self.stdout.write(_freed(newest))


def _remark(key_id: str, known: dict[str, bytes]) -> str:
    if key_id not in known:
        return " (UNKNOWN: these cannot be opened; add this key to MIOSA_SECRET_KEYS)"
    return " (newest)" if key_id == next(iter(known)) else ""


def _freed(newest: str) -> str:
    left = {key_id for kind in sealed.SEALED for key_id in kind.by_key()} - {newest}
    if left:
        return f"Still in use: {', '.join(sorted(left))}. Something was sealed meanwhile by a process that does not know {newest}: restart all, then rotate again."
    old = [key_id for key_id in vault.master_keys() if key_id not in {newest, vault.DERIVED}]
    if not old:
        return "Nothing else is in use."
    return f"Nothing is sealed with {', '.join(old)} any more: remove it from MIOSA_SECRET_KEYS and restart. Backups made before need it still."
