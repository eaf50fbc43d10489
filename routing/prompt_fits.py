"""What a tenant's prompts teach: fitted on its judged decisions, asked only where it has proved itself on others; the
only writer of PromptFit.

The fit never leaves its tenant, and it holds coefficients, no words. It is tried on the newest decisions, which it
was not fitted on: only if it tells their success surely better than the record alone does it take part in decisions,
and each new fit is tried anew.
"""

import hashlib
import math
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import transaction

from routing import promotions, verdicts
from routing.models import Decision, PromptFit
from routing.prompts import stored
from routing.prompts.fitting import PromptRow, fit
from routing.prompts.model import PromptModel
from routing.prompts.traits import Traits, TraitsError, traits
from routing.requirement import area_of
from tenants.owned import current_tenant_id

LEAST_ROWS = 300  # judged decisions with traits, below which nothing is fitted
MOST_ROWS = 10_000  # the newest
TRIED_ON = 0.3  # share of them, the newest, that the fit is tried on
SURE = 1.645  # standard errors that the gain must lie above zero: one-sided 95 %


class Trial(NamedTuple):
    """How a fit told the success of decisions it had not seen: Brier scores without and with it, and the gain."""

    rows: int
    brier_without: float
    brier_with: float
    gain: float
    standard_error: float

    @property
    def proved(self) -> bool:
        """Whether the gain is surely above zero."""
        return self.gain > SURE * self.standard_error


_held: dict[UUID | None, tuple[str, PromptModel | None]] = {}


def traits_of(text: str) -> str:
    """A prompt's countable features as they are stored beside a decision: no words."""
    return b64encode(traits(text).to_bytes()).decode()


def read_traits(stored_: str) -> Traits | None:
    """The features again; None for none, and for those of another version."""
    try:
        return Traits.from_bytes(b64decode(stored_)) if stored_ else None
    except (TraitsError, ValueError):
        return None


def active() -> tuple[str, PromptModel] | None:
    """The current tenant's fit that takes part in decisions, with its version; None where there is none."""
    row = PromptFit.objects.order_by("-created", "-id").values("version", "active").first()
    if row is None or not row["active"]:
        return None
    tenant_id, version = current_tenant_id(), row["version"]
    held = _held.get(tenant_id)
    if held is None or held[0] != version:
        content = PromptFit.objects.values_list("content", flat=True).get(version=version)
        held = _held[tenant_id] = (version, _unpacked(content))
    return (version, held[1]) if held[1] is not None else None


@transaction.atomic
def relearn() -> PromptFit | None:
    """Fit the current tenant's prompts anew and say whether the fit takes part; None while too little is judged."""
    rows = _judged()
    if len(rows) < LEAST_ROWS:
        return None
    cut = int(len(rows) * (1 - TRIED_ON))
    trial = tried(rows[:cut], rows[cut:])
    model = fit([row for row, _ in rows]) if trial.proved else None
    content = _packed(model) if model else ""
    before = PromptFit.objects.order_by("-created", "-id").first()
    version = hashlib.sha256(f"{len(rows)} {trial} {content}".encode()).hexdigest()[:16]
    if PromptFit.objects.filter(version=version).exists():
        return before
    row: PromptFit = PromptFit.objects.create(
        version=version,
        content=content,
        rows=len(rows),
        evidence={**trial._asdict(), "tried_on": len(rows) - cut},
        active=model is not None,
    )
    if row.active != bool(before and before.active):
        promotions.prompts_changed(row, before)
    return row


def tried(known: Sequence[tuple[PromptRow, str]], unseen: Sequence[tuple[PromptRow, str]]) -> Trial:
    """Fit on what is known and tell the success of what is not, with and without the prompt itself."""
    model = fit([row for row, _ in known])
    if model is None:
        return Trial(0, 0.0, 0.0, 0.0, 0.0)
    happened = np.array([row.scores[name] for row, name in unseen])
    told = np.array([model.predict(row.traits, row.area, name) for row, name in unseen])
    record = np.array([model.usual(row.area, name) for row, name in unseen])
    gains = (record - happened) ** 2 - (told - happened) ** 2
    return Trial(
        rows=len(unseen),
        brier_without=float(((record - happened) ** 2).mean()),
        brier_with=float(((told - happened) ** 2).mean()),
        gain=float(gains.mean()),
        standard_error=float(gains.std(ddof=1) / math.sqrt(len(gains))),
    )


def _judged() -> list[tuple[PromptRow, str]]:
    """The newest judged decisions that have traits, oldest first, each with the model that answered."""
    decisions: Any = (
        Decision.objects.exclude(traits="")
        .exclude(answered_by="")
        .filter(outcomes__counts=1)
        .prefetch_related("outcomes")
        .order_by("-created", "-id")[:MOST_ROWS]
    )
    rows = []
    for decision in reversed(list(decisions)):
        prompt = read_traits(decision.traits)
        if prompt is not None:
            score = float(verdicts.standing(decision.outcomes.all()).verdict)
            area = area_of(decision.task_kind, decision.topic)
            rows.append((PromptRow(prompt, area, {decision.answered_by: score}), decision.answered_by))
    return rows


def _packed(model: PromptModel) -> str:
    return b64encode(zlib.compress(stored.to_bytes(model))).decode()


def _unpacked(content: str) -> PromptModel | None:
    try:
        return stored.from_bytes(zlib.decompress(b64decode(content)))
    except (stored.PromptModelError, ValueError, zlib.error):
        return None
