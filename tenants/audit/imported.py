"""Entries that a tenant brought from another installation: signed there, and vouched for here by the entry after them.

Their digests are keyed with a secret of the place where they were written, which is not known here. So the entry that
records the arrival, signed with our own key, holds a sum over all of them: nobody can change them afterwards unseen.
Whether they were true before is for the place they came from to say.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.audit.chain import canonical, digest_of
from tenants.models.audit_entry import AuditFact

ARRIVAL = "tenant.imported"


def summed(entries: Iterable[AuditFact]) -> dict[str, Any]:
    """Return what the arrival records of the entries before it: how many, where they end, and SHA-256 over them."""
    found, number, last = hashlib.sha256(), 0, b""
    for entry in entries:
        number, last = entry.number, bytes(entry.digest)
        found.update(canonical(entry) + last)
    return {"entries": number, "ends_with": last.hex(), "covers": found.hexdigest()}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A tenant came at this moment, and brought the entries up to this number with it; 0 for a tenant that did not."""

    number: int = 0
    at: datetime | None = None

    def supersedes(self, number: int, seen_at: datetime) -> bool:
        """Tell whether what stood under a number then ended when the tenant was erased, before it came back."""
        return self.at is not None and number > self.number and seen_at <= self.at


def vouched(
    arrivals: Iterable[AuditFact], before: Callable[[int], Iterable[AuditFact]], *, key: bytes
) -> Arrival:
    """Return the newest arrival that we signed, unless what it vouches for was changed since.

    `before` yields the entries below a number.
    """
    ours = [
        entry for entry in arrivals if hmac.compare_digest(bytes(entry.digest), digest_of(entry, key=key))
    ]
    said = ours[-1].after if ours else None
    if not said or not summed(before(ours[-1].number)).items() <= said.items():
        return Arrival()
    return Arrival(int(said["entries"]), ours[-1].created)
