"""What a tenant's prompts teach: fitted on its judged decisions, asked only where it has proved itself on others; the
only writer of PromptFit.

The fit never leaves its tenant, and it holds coefficients, no words. It is tried on the newest decisions, which it
was not fitted on: only if it tells their success surely better than the record alone does it take part in decisions,
and each new fit is tried anew.
"""

import hashlib
import math
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import transaction

from routing import promotions, standings, verdicts
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
HELD_S = 30.0
LEAST_SHIFT = 0.005  # of a success rate: less is not worth a word
SHIFT_DIGITS = 6


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


class Active(NamedTuple):
    """The fit that takes part in a tenant's decisions."""

    version: str
    model: PromptModel


_held: dict[UUID | None, tuple[float, str, Active | None]] = {}


def read_traits(stored_: str) -> Traits | None:
    """The features again; None for none, and for those of another version."""
    try:
        return Traits.from_bytes(b64decode(stored_)) if stored_ else None
    except (TraitsError, ValueError):
        return None


def active() -> Active | None:
    """The current tenant's fit that takes part in decisions; None where there is none. Looked for every 30 seconds."""
    tenant_id = current_tenant_id()
    read_at, version, found = _held.get(tenant_id, (float("-inf"), "", None))
    if time.monotonic() - read_at < HELD_S:
        return found
    row = PromptFit.objects.order_by("-created", "-id").values("version", "active", "rows").first()
    if row is None or not row["active"] or row["rows"] < standings.prompts_held_back():
        version, found = "", None
    elif row["version"] != version:
        version = row["version"]
        model = _unpacked(PromptFit.objects.values_list("content", flat=True).get(version=version))
        found = Active(version, model) if model is not None else None
    _held[tenant_id] = (time.monotonic(), version, found)
    return found


def forget() -> None:
    """Make the current tenant's next decision look for its fit anew."""
    _held.pop(current_tenant_id(), None)


def heard(text: str, area: str, models: Sequence[str]) -> tuple[str, Mapping[str, Any] | None]:
    """A prompt's traits as they are stored, and what they change: the fit that was asked and the shift of each model.

    The second is None where no fit takes part, or where it has next to nothing to say of this prompt.
    """
    seen = traits(text)
    fit_ = active()
    shifts = fit_.model.shifts(seen, area, models) if fit_ else {}
    told = {model: round(shift, SHIFT_DIGITS) for model, shift in shifts.items() if abs(shift) >= LEAST_SHIFT}
    packed = b64encode(seen.to_bytes()).decode()
    return packed, {"fit": fit_.version, "shifts": told} if fit_ and told else None


@transaction.atomic
def relearn() -> PromptFit | None:
    """Fit the current tenant's prompts anew and say whether the fit takes part; None while too little is judged."""
    rows = _judged()
    if len(rows) < LEAST_ROWS:
        return None
    cut = int(len(rows) * (1 - TRIED_ON))
    trial = tried(rows[:cut], rows[cut:])
    wanted = trial.proved and len(rows) >= standings.prompts_held_back()
    model = fit([row for row, _ in rows]) if wanted else None
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
    transaction.on_commit(forget)
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
