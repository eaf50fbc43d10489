"""What promotions and their reversals mean for decisions: which evidence is discounted, whose bonus is withheld."""

from datetime import datetime
from typing import NamedTuple

from routing.gathered import Shifted
from routing.models import Promotion


class Standing(NamedTuple):
    """The current tenant's: shifts that hold, and models whose bonus somebody took back."""

    shifts: tuple[Shifted, ...]
    withheld: frozenset[str]


def read() -> Standing:
    """Read both. A row that was taken back means nothing any more; taking an evaluation back withholds the bonus
    until the model is found improved again.
    """
    rows = list(
        Promotion.objects.filter(kind__in=[Promotion.Kind.SHIFT, Promotion.Kind.REVERSAL]).order_by("id")
    )
    taken_back = {row.reverts for row in rows if row.reverts}
    shifts = tuple(
        Shifted(row.area, row.model, row.since, row.discount)
        for row in rows
        if row.kind == Promotion.Kind.SHIFT and row.pk not in taken_back
    )
    withheld = {
        row.model: row.created
        for row in rows
        if row.kind == Promotion.Kind.REVERSAL and row.details.get("of") == Promotion.Kind.EVALUATION
    }
    return Standing(shifts, frozenset(model for model, since in withheld.items() if not _again(model, since)))


def _again(model: str, since: datetime) -> bool:
    """Whether a model was found improved after its bonus had been taken back."""
    found: bool = Promotion.objects.filter(
        kind=Promotion.Kind.EVALUATION, model=model, improved=True, created__gt=since
    ).exists()
    return found


def prompts_held_back() -> int:
    """Return from how many judged decisions on prompts may take part again after somebody took that back; 0: at once."""
    back = (
        Promotion.objects.filter(kind=Promotion.Kind.REVERSAL, details__of=Promotion.Kind.PROMPTS)
        .order_by("-created", "-id")
        .first()
    )
    if back is None:
        return 0
    return 2 * int(Promotion.objects.values_list("requests", flat=True).get(pk=back.reverts))
