"""Signed heads of the chains, kept outside of the database: they show that the newest entries were cut off.

Each line of the file says which number and digest a chain had come to at a moment. Copies that are kept elsewhere
(the log, another machine, a printout) hold against somebody who rules this machine.
"""

import hmac
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from tenants.audit.chain import PLATFORM
from tenants.secrets import derived_key

FILE = "audit-anchors.jsonl"
HEADS = """
SELECT t.id::text, head.number, head.digest FROM tenants_tenant t, LATERAL (
  SELECT number, digest FROM tenants_auditentry e WHERE e.tenant_id = t.id ORDER BY number DESC LIMIT 1) head
UNION ALL (SELECT %s, number, digest FROM tenants_platformauditentry ORDER BY number DESC LIMIT 1)
ORDER BY 1"""


class BadAnchor(Exception):  # noqa: N818  reads as the sentence it prints
    """A line of an anchors' file cannot be believed; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a chain stood: `chain` is a tenant's id or `platform`."""

    chain: str
    number: int
    digest: bytes
    at: datetime

    def line(self) -> str:
        """Return the anchor as one line of JSON, signed."""
        return json.dumps(self._facts() | {"signature": self._signature()}, sort_keys=True)

    def _facts(self) -> dict[str, Any]:
        at = self.at.astimezone(UTC).isoformat(timespec="seconds")
        return {"at": at, "chain": self.chain, "number": self.number, "digest": self.digest.hex()}

    def _signature(self) -> str:
        canonical = json.dumps(self._facts(), sort_keys=True).encode()
        return hmac.digest(derived_key("audit-anchor"), canonical, "sha256").hex()

    @classmethod
    def from_line(cls, line: str) -> "Anchor":
        """Return what a line says. Raises ValueError where it is not one that this installation signed."""
        facts = json.loads(line)
        try:
            anchor = cls(
                chain=str(facts["chain"]),
                number=int(facts["number"]),
                digest=bytes.fromhex(facts["digest"]),
                at=datetime.fromisoformat(facts["at"]),
            )
            signed = str(facts["signature"])
        except (KeyError, TypeError) as missing:
            raise ValueError("not an anchor") from missing
        if not hmac.compare_digest(signed.encode(), anchor._signature().encode()):
            raise ValueError("not signed by this installation")
        return anchor


def heads() -> list[Anchor]:
    """Return where every chain stands now, as the platform."""
    now = timezone.now().replace(microsecond=0)
    with connections["platform"].cursor() as cursor:
        cursor.execute(HEADS, [PLATFORM])
        return [Anchor(chain, number, bytes(digest), now) for chain, number, digest in cursor.fetchall()]


def place() -> Path:
    """Return the file that this installation appends to."""
    return Path(settings.ENVIRONMENT.state_dir) / FILE


def append(anchors: Iterable[Anchor]) -> None:
    """Add lines to the file, each whole even where several processes write, and force them to the disk."""
    text = "".join(f"{anchor.line()}\n" for anchor in anchors)
    place().parent.mkdir(parents=True, exist_ok=True)
    file = os.open(place(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)


def read(*files: Path) -> Iterator[Anchor]:
    """Yield the anchors of files. Raises BadAnchor for a line that is not ours, OSError for a file that is not there."""
    for file in files:
        with file.open(encoding="utf-8") as lines:
            for position, line in enumerate(lines, start=1):
                try:
                    yield Anchor.from_line(line)
                except ValueError as flaw:
                    raise BadAnchor(f"{file}, line {position}: {flaw}") from flaw
