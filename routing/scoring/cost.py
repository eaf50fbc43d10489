"""How cheap the model is, by the catalogue; a model without a price never gets here."""

from routing.catalog import FULL_RATING, Model, Price
from routing.requirement import Requirement
from routing.scoring.contract import Mark
from routing.snapshot import Snapshot

MICROS_PER_DOLLAR = 1_000_000


def cost(candidate: Model, _requirement: Requirement, _snapshot: Snapshot) -> Mark:
    rating = candidate.cost
    return Mark(rating.value / FULL_RATING, f"cost {rating.value:g} of 10: {_in_words(candidate.price)}")


def _in_words(price: Price | None) -> str:
    if price is None:
        return "price unknown"
    if price.input_micros == price.output_micros == 0:
        return f"free ({price.source})"
    dollars_in, dollars_out = (m / MICROS_PER_DOLLAR for m in (price.input_micros, price.output_micros))
    return f"${dollars_in:g} in, ${dollars_out:g} out per million tokens ({price.source}, {price.as_of})"
