"""Holds the catalogue against a price list and the providers' own lists of models."""

import difflib
from collections.abc import Iterable, Iterator, Mapping

from routing.catalog import Catalog, Model, Price, Retired
from routing.errors import UnknownModel
from routing.upkeep.finding import Check, Finding, Listing, Offer, PriceList, Step

LIKELY_RENAMED = 0.8  # of 1 by difflib: close enough to be named, never close enough to be taken for the same


def compare(catalog: Catalog, prices: PriceList, *, offers: Iterable[Offer]) -> Check:
    """Everything in which the catalogue and its sources agree, differ, or say nothing of each other.

    Ids are held against a provider's list as they stand, since the catalogue's spelling is the one that is
    sent; the price list was looked up by its own rules, and a spelling of its own is noted.
    """
    told = tuple(offers)
    findings = [
        *(found for model in catalog.models for found in _of_model(model, prices, told)),
        *(found for gone in catalog.retired for found in _of_retired(gone, prices, told)),
        *(found for offer in told for found in _new(catalog, offer)),
    ]
    return Check(prices.name, told, tuple(findings))


def _of_model(model: Model, prices: PriceList, offers: tuple[Offer, ...]) -> Iterator[Finding]:
    listing = prices.listings.get(model.id)
    if listing is None:
        note = "" if model.price else "without a price of our own either: it is never chosen"
        yield Finding(model.id, model.provider, prices.name, "model", "unknown", note=note)
    else:
        yield from _of_listing(model, listing, prices.name)
    for offer in offers:
        if offer.provider == model.provider and offer.windows is not None:
            yield from _of_offer(model, offer, offer.windows)


def _of_listing(model: Model, listing: Listing, source: str) -> Iterator[Finding]:
    price = model.price
    facts = (
        ("input price", price.input_micros if price else None, listing.input_micros),
        ("output price", price.output_micros if price else None, listing.output_micros),
        ("cached price", price.cached_micros if price else None, listing.cached_micros),
        ("context window", model.context_tokens, listing.context_tokens),
    )
    note = _spelled(model.id, listing)
    for fact, ours, theirs in facts:
        yield _number(model, source, fact, ours=ours, theirs=theirs, note=note)
    for step in listing.steps:
        if step.above_tokens < model.max_input_tokens:
            yield _step(model, source, step)
    if listing.deprecated:
        said = "marked as deprecated by its provider"
        yield Finding(model.id, model.provider, source, "offered", "gone", note=said)


def _number(
    model: Model, source: str, fact: str, *, ours: int | None, theirs: int | None, note: str
) -> Finding:
    if theirs is None:
        return Finding(model.id, model.provider, source, fact, "unknown", ours=ours, note=note)
    percent = round((theirs / ours - 1) * 100, 1) if ours else None
    if ours == theirs:
        return Finding(model.id, model.provider, source, fact, "same", ours, theirs, 0.0, note)
    return Finding(model.id, model.provider, source, fact, "differs", ours, theirs, percent, note)


def _step(model: Model, source: str, step: Step) -> Finding:
    """The catalogue knows one price per kind of token: a dearer one for long inputs would go unbilled."""
    ours = _billed(model.price)[step.fact] if model.price else None
    fact = f"{step.fact} above {step.above_tokens:,} input tokens"
    return _number(model, source, fact, ours=ours, theirs=step.micros, note="the catalogue holds one price")


def _billed(price: Price) -> dict[str, int]:
    return {
        "input price": price.input_micros,
        "output price": price.output_micros,
        "cached price": price.cached_or_input_micros,
    }


def _of_offer(model: Model, offer: Offer, windows: Mapping[str, int | None]) -> Iterator[Finding]:
    if model.id in windows:
        yield Finding(model.id, model.provider, offer.source, "offered", "same")
        told = windows[model.id]
        yield _number(model, offer.source, "context window", ours=model.context_tokens, theirs=told, note="")
        return
    near = difflib.get_close_matches(model.id, sorted(windows), n=1, cutoff=LIKELY_RENAMED)
    note = f"not in the provider's list{f'; it lists {near[0]}' if near else ''}"
    yield Finding(model.id, model.provider, offer.source, "offered", "gone", note=note)


def _of_retired(gone: Retired, prices: PriceList, offers: tuple[Offer, ...]) -> Iterator[Finding]:
    listing = prices.listings.get(gone.id)
    if listing is not None and listing.deprecated:
        note = _spelled(gone.id, listing)
        yield Finding(gone.id, "", prices.name, "retired", "same", note=note)
    else:
        # Lists keep the prices of what is long gone, so a price alone proves nothing.
        note = "it has no such model" if listing is None else "it still names a price, as lists do"
        yield Finding(gone.id, "", prices.name, "retired", "unknown", note=note)
    for offer in offers:
        if offer.windows and gone.id in offer.windows:
            note = "retired in the catalogue, and the provider still lists it"
            yield Finding(gone.id, offer.provider, offer.source, "retired", "differs", note=note)


def _new(catalog: Catalog, offer: Offer) -> Iterator[Finding]:
    for name in sorted(offer.windows or ()):
        try:
            catalog.resolve(name)
        except UnknownModel:
            yield Finding(name, offer.provider, offer.source, "offered", "new")


def _spelled(name: str, listing: Listing) -> str:
    return "" if listing.id == name else f"listed as {listing.id}"
