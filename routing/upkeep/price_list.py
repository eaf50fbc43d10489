"""Reads what the installed genai-prices package says of our models; it asks nobody."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

from genai_prices import __version__
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, TieredPrices

from billing.money import micros
from routing.catalog import Catalog
from routing.upkeep.finding import Listing, PriceList, Step

NAME = f"genai-prices {__version__}"
Fact = Literal["input price", "output price", "cached price"]
KEYS: tuple[tuple[Fact, str], ...] = (
    ("input price", "input_mtok"),
    ("output price", "output_mtok"),
    ("cached price", "cache_read_mtok"),
)


def read(catalog: Catalog, *, now: datetime) -> PriceList:
    """What the package says of each model and retired name of the catalogue, at the prices of `now` (aware).

    A provider is found by the address in the catalogue, and a model among that provider's by the package's own
    rules of spelling; a model that neither finds is left out.
    """
    snapshot = get_snapshot()
    addresses = {facts.name: facts.base_url for facts in catalog.providers}
    asked: list[tuple[str, tuple[str, ...]]] = [
        (model.id, (addresses[model.provider],)) for model in catalog.models
    ]
    asked += [(gone.id, tuple(addresses.values())) for gone in catalog.retired]
    found = {name: _found(snapshot, name, places) for name, places in asked}
    return PriceList(NAME, {name: _listing(info, now) for name, info in found.items() if info})


def _found(snapshot: DataSnapshot, name: str, addresses: tuple[str, ...]) -> ModelInfo | None:
    for address in filter(None, addresses):
        try:
            return snapshot.find_provider_model(name, None, None, address)[1]
        except LookupError:
            continue
    return None


def _listing(info: ModelInfo, now: datetime) -> Listing:
    prices = info.get_prices(now) if info.prices else None
    told = {fact: getattr(prices, key, None) for fact, key in KEYS}
    return Listing(
        id=info.id,
        input_micros=_base_micros(told["input price"]),
        output_micros=_base_micros(told["output price"]),
        cached_micros=_base_micros(told["cached price"]),
        context_tokens=info.context_window,
        deprecated=bool(info.deprecated),
        steps=tuple(step for fact, price in told.items() for step in _steps(fact, price)),
    )


def _base_micros(price: Decimal | TieredPrices | None) -> int | None:
    """The package counts in dollars per million tokens."""
    base = price.base if isinstance(price, TieredPrices) else price
    return None if base is None else micros(base)


def _steps(fact: Fact, price: Decimal | TieredPrices | None) -> tuple[Step, ...]:
    if not isinstance(price, TieredPrices):
        return ()
    return tuple(Step(fact, tier.start, micros(tier.price)) for tier in price.tiers)
