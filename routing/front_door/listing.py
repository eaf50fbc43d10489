"""`GET /v1/models` and `GET /v1/models/{id}`: what may be asked for by name, and what it costs."""

from datetime import UTC, datetime, time
from typing import Any

import orjson

from routing.catalog import Catalog, Model
from routing.front_door.asked import AUTO
from routing.front_door.caller import Caller
from routing.front_door.desk import Desk
from routing.front_door.exchange import Exchange
from routing.requirement import MODES

NAMES = (AUTO, *(f"{AUTO}:{mode}" for mode in MODES))


async def models(desk: Desk, exchange: Exchange, address: str) -> None:
    """List the router's names, the models that are set up, and their aliases."""
    caller = await _caller(desk, exchange, address)
    catalog = caller.board.catalog
    may = [model.id for model in catalog.models if _may(caller, model)]
    aliases = {alias: catalog.resolve(alias)[0] for alias in catalog.aliases}
    listed = [_auto(name) for name in NAMES]
    listed += [_model(catalog.model(name)) for name in may]
    listed += [_model(model, name=alias) for alias, model in aliases.items() if model.id in may]
    await exchange.answer(200, orjson.dumps({"object": "list", "data": listed}))


async def one_model(desk: Desk, exchange: Exchange, address: str) -> None:
    """Describe one. Raises UnknownModel, naming the nearest names."""
    caller = await _caller(desk, exchange, address)
    name = exchange.scope["path"].partition("/v1/models/")[2]
    told = _auto(name) if name in NAMES else _named(caller.board.catalog, name)
    await exchange.answer(200, orjson.dumps(told))


async def _caller(desk: Desk, exchange: Exchange, address: str) -> Caller:
    caller = await desk.callers.caller(exchange.headers.get(b"authorization", b""), address)
    caller.refuse()
    await desk.pots(caller).take(0)
    return caller


def _may(caller: Caller, model: Model) -> bool:
    """Whether a caller could ask a model: it is set up, has a price, and the key's policy allows it."""
    allowed = caller.rules.allowed_models
    here = model.provider in caller.board.known.providers and model.price is not None
    return here and (not allowed or model.id in allowed)


def _named(catalog: Catalog, name: str) -> dict[str, Any]:
    found, note = catalog.resolve(name)
    told = _model(found, name=name)
    return told | {"miosa": told["miosa"] | {"note": note}}


def _auto(name: str) -> dict[str, Any]:
    what = "the router chooses" + (f" for {name.partition(':')[2]}" if ":" in name else "")
    return {"id": name, "object": "model", "created": 0, "owned_by": "miosa", "miosa": {"what": what}}


def _model(model: Model, name: str = "") -> dict[str, Any]:
    price = model.price
    known_since = datetime.combine(price.as_of, time(), UTC) if price else None
    return {
        "id": name or model.id,
        "object": "model",
        "created": int(known_since.timestamp()) if known_since else 0,
        "owned_by": model.provider,
        "context_window": model.context_tokens,
        "max_completion_tokens": model.max_output_tokens,
        "miosa": {
            "model": model.id,
            "tools": model.tools,
            "json": model.json,
            "thinking": model.thinking,
            "input_micros_per_million": price.input_micros if price else None,
            "output_micros_per_million": price.output_micros if price else None,
        },
    }
