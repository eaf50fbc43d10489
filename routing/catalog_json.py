"""A catalogue from its JSON, equal in every value: decisions are made again with the catalogue of their day."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from routing.catalog import Catalog, Model, Price, ProviderFacts, Rating, Retired
from routing.requirement import TASK_KINDS


def catalog_from_json(stored: Mapping[str, Any]) -> Catalog:
    """The catalogue again, with the same digest."""
    return Catalog(
        providers=tuple(_provider(row) for row in stored["providers"]),
        models=tuple(_model(row) for row in stored["models"]),
        aliases=stored["aliases"],
        retired=tuple(
            Retired(**{**row, "retired_on": _date(row["retired_on"])}) for row in stored["retired"]
        ),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _provider(row: Mapping[str, Any]) -> ProviderFacts:
    seconds = {name: float(row[name]) for name in ("first_token_s", "idle_s", "total_s")}
    return ProviderFacts(**{**row, **seconds})


def _rating(row: Mapping[str, Any]) -> Rating:
    return Rating(float(row["value"]), row["source"], date.fromisoformat(row["as_of"]))


def _model(row: Mapping[str, Any]) -> Model:
    price = row["price"]
    speed = row["tokens_per_s"]
    return Model(
        **{
            **row,
            "price": Price(**{**price, "as_of": date.fromisoformat(price["as_of"])}) if price else None,
            "quality": _rating(row["quality"]),
            "speed": _rating(row["speed"]),
            "cost": _rating(row["cost"]),
            # Storage forgets the order of names, and the digest does not.
            "fit": {kind: _rating(row["fit"][kind]) for kind in TASK_KINDS if kind in row["fit"]},
            "tokens_per_s": None if speed is None else float(speed),
        }
    )
