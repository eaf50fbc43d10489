"""Walking a chain from its first entry: whatever was changed, taken out, put in or moved is found and named."""

import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from tenants.audit.anchors import Anchor
from tenants.audit.chain import PLATFORM, START, digest_of
from tenants.audit.imported import ARRIVAL, vouched
from tenants.models import AuditEntry, PlatformAuditEntry
from tenants.models.audit_entry import AuditFact
from tenants.secrets import derived_key

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the walk found: `number` is the first bad entry (0: none), `entries` how many before it are good."""

    chain: str
    entries: int
    number: int = 0
    fault: str = ""

    @property
    def intact(self) -> bool:
        return not self.fault


def verify(chain: UUID | None, *, anchors: Sequence[Anchor] = (), alias: str = "platform") -> Verdict:
    """Walk one tenant's chain, or the platform's for None; `anchors` of other chains are passed over."""
    name = str(chain or PLATFORM)
    key, number, previous = derived_key("audit"), 0, START
    arrival = vouched(
        entries_of(chain, alias=alias, action=ARRIVAL),
        lambda end: entries_of(chain, alias=alias, number__lt=end),
        key=key,
    )
    known = {
        anchor.number: anchor.digest
        for anchor in anchors
        if anchor.chain == name and not arrival.supersedes(anchor.number, anchor.at)
    }
    for entry in entries_of(chain, alias=alias):
        mine = None if entry.number <= arrival.number else key
        if fault := _fault(entry, number + 1, previous, key=mine, anchored=known.get(entry.number)):
            return Verdict(name, number, min(entry.number, number + 1), fault)
        number, previous = entry.number, bytes(entry.digest)
    if missing := sorted(one for one in known if one > number):
        fault = f"the newest entries are gone: an anchor saw number {missing[-1]}, and the last is {number}"
        return Verdict(name, number, number + 1, fault)
    return Verdict(name, number)


def entries_of(chain: UUID | None, *, alias: str = "platform", **wanted: Any) -> Iterator[AuditFact]:
    """Yield the entries by number, read in batches; `wanted` are further filters."""
    model: Any = PlatformAuditEntry if chain is None else AuditEntry
    rows = model._base_manager.using(alias).filter(**wanted).order_by("number", "id")
    if chain is not None:
        rows = rows.filter(tenant=chain)
    batch = list(rows[:BATCH])
    while batch:
        yield from batch
        # A number that stands twice, where somebody took the constraint away, is not passed over.
        last = batch[-1]
        later = Q(number__gt=last.number) | Q(number=last.number, id__gt=last.pk)
        batch = list(rows.filter(later)[:BATCH])


def _fault(
    entry: AuditFact, expected: int, previous: bytes, *, key: bytes | None, anchored: bytes | None
) -> str:
    """Say what is wrong with the entry that stands where number `expected` should; empty when nothing is.

    Without a key it was signed elsewhere, and its contents are vouched for.
    """
    if entry.number != expected:
        return _misnumbered(entry.number, expected)
    if key and not hmac.compare_digest(bytes(entry.digest), digest_of(entry, key=key)):
        return f"number {expected} was changed or forged: its digest does not cover what it holds"
    if not hmac.compare_digest(bytes(entry.previous), previous):
        return f"number {expected} does not follow on number {expected - 1}: an entry was replaced"
    if anchored is not None and not hmac.compare_digest(anchored, bytes(entry.digest)):
        return f"number {expected} is not the entry that its anchor saw: the log was written anew"
    return ""


def _misnumbered(found: int, expected: int) -> str:
    if found < expected:
        return f"number {found} is there twice or below 1: an entry was put in"
    gone = f"number {expected} is" if found == expected + 1 else f"numbers {expected} to {found - 1} are"
    return f"{gone} missing: the next entry is number {found}"
