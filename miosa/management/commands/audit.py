"""Prove that the audit log is whole, print where it stands, and hand it out."""

import json
from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit import anchoring, anchors
from tenants.audit.chain import PLATFORM
from tenants.audit.exporting import FORMATS
from tenants.audit.verification import Verdict, entries_of, verify
from tenants.models import Tenant
from tenants.registry import tenant_by_slug

Chain = tuple[str, UUID | None]  # what it is called, and whose it is; None is the platform's


class Command(BaseCommand):
    """`manage.py audit verify | anchor | export`."""

    help = "Verify, anchor and export the audit log."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Give each sub-command its own arguments."""
        subparsers = parser.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
        verifying = subparsers.add_parser(
            "verify", help="walk the chains; exit code 1 where one is not whole"
        )
        _which(verifying, needed=False)
        verifying.add_argument("--anchors", action="append", type=Path, default=[], metavar="FILE",
                               help="anchors kept elsewhere, beside those of the state folder; may be repeated")  # fmt: skip
        verifying.add_argument("--json", action="store_true", help="print one JSON object a chain")
        subparsers.add_parser("anchor", help="print where every chain stands, signed, for keeping elsewhere")
        exporting = subparsers.add_parser("export", help="print the entries of one chain")
        _which(exporting, needed=True)
        exporting.add_argument("--since", type=_moment, metavar="TIME", help="from this moment on (ISO 8601)")
        exporting.add_argument("--until", type=_moment, metavar="TIME", help="before this moment")
        exporting.add_argument("--format", choices=sorted(FORMATS), default="jsonl")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run the sub-command."""
        wanted = Namespace(**options)
        {"verify": self._verify, "anchor": self._anchor, "export": self._export}[wanted.subcommand](wanted)

    def _verify(self, wanted: Namespace) -> None:
        known = list(_anchors(wanted.anchors))
        verdicts = [(name, verify(chain, anchors=known)) for name, chain in _chains(wanted)]
        for name, verdict in verdicts:
            self.stdout.write(_as_json(name, verdict) if wanted.json else _told(name, verdict))
        if not all(verdict.intact for _, verdict in verdicts):
            raise SystemExit(1)

    def _anchor(self, _wanted: Namespace) -> None:
        anchoring.anchor_heads()
        for head in anchors.heads():
            self.stdout.write(head.line())

    def _export(self, wanted: Namespace) -> None:
        ((_, chain),) = _chains(wanted)
        filters = {"created__gte": wanted.since, "created__lt": wanted.until}
        entries = entries_of(chain, **{name: value for name, value in filters.items() if value})
        for line in FORMATS[wanted.format](entries):
            self.stdout.write(line, ending="")


def _which(parser: CommandParser, *, needed: bool) -> None:
    chain = parser.add_mutually_exclusive_group(required=needed)
    chain.add_argument("slug", nargs="?", metavar="SLUG", help="the tenant")
    chain.add_argument("--platform", action="store_true", help="the log of what belongs to no tenant")


def _chains(wanted: Namespace) -> Iterator[Chain]:
    """Yield the chain that is asked for; all of them where none is."""
    if wanted.platform:
        yield PLATFORM, None
    elif wanted.slug:
        tenant = tenant_by_slug(wanted.slug)
        if tenant is None:
            raise CommandError(f"There is no tenant {wanted.slug!r}: see `manage.py tenants list`.")
        yield tenant.slug, tenant.pk
    else:
        yield PLATFORM, None
        yield from Tenant.objects.using("platform").order_by("slug").values_list("slug", "pk")


def _anchors(files: list[Path]) -> Iterator[anchors.Anchor]:
    own = anchors.place()
    try:
        yield from anchors.read(*([own] if own.exists() else []), *files)
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
    except anchors.BadAnchor as error:
        raise CommandError(
            f"{error}: somebody changed the file, or JWT_SECRET is another one now. Nothing was verified."
        ) from error


def _told(name: str, verdict: Verdict) -> str:
    if verdict.intact:
        return f"{name}: whole, {verdict.entries} entries"
    return f"{name}: BROKEN at number {verdict.number}: {verdict.fault}"


def _as_json(name: str, verdict: Verdict) -> str:
    told = {"name": name, "chain": verdict.chain, "intact": verdict.intact, "entries": verdict.entries}
    bad = {} if verdict.intact else {"number": verdict.number, "fault": verdict.fault}
    return json.dumps(told | bad)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
