"""Verifying by itself, every few hours: what was found last, for the admin's pages and the log."""

import logging
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.utils import timezone

from tenants.audit import anchors
from tenants.audit.verification import Verdict, verify
from tenants.models import Tenant

logger = logging.getLogger(__name__)

LAST = "audit-verified"


def verify_all() -> list[Verdict]:
    """Walk every chain against the anchors of the state folder; a broken one is told to the log as an error."""
    place = anchors.place()
    known = list(anchors.read(place)) if place.exists() else []
    chains: list[UUID | None] = [None, *Tenant.objects.using("platform").values_list("pk", flat=True)]
    verdicts = [verify(chain, anchors=known) for chain in chains]
    for verdict in verdicts:
        if not verdict.intact:
            logger.error("The audit log of %s is broken: %s", verdict.chain, verdict.fault)
    found = {"at": timezone.now(), "chains": {verdict.chain: asdict(verdict) for verdict in verdicts}}
    cache.set(LAST, found, timeout=None)
    return verdicts


def last_found(chain: str = "") -> dict[str, Any]:
    """Return what the last walk found of one chain, or of all: `text`, `broken` where something is; empty before it."""
    found = cache.get(LAST)
    chains = [Verdict(**told) for told in found["chains"].values()] if found else []
    wanted = [verdict for verdict in chains if chain in {"", verdict.chain}]
    if not wanted:
        return {}
    broken = "; ".join(f"{verdict.chain}: {verdict.fault}" for verdict in wanted if not verdict.intact)
    return {"broken": broken, "text": _text(wanted, found["at"])}


def _text(wanted: list[Verdict], at: datetime) -> str:
    reach = (
        f"up to number {wanted[0].entries}"
        if len(wanted) == 1
        else f"{len(wanted)} chains with {sum(verdict.entries for verdict in wanted)} entries"
    )
    return f"Verified {reach}, on {at:%d %b %Y at %H:%M} UTC."
