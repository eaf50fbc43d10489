"""Reads `catalog.toml` into a Catalog and refuses, by name, whatever it does not understand."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args

from miosa.environment import environment
from routing.catalog import FULL_RATING, Catalog, JsonSupport, Model, Price, ProviderFacts, Rating, Retired
from routing.errors import InvalidCatalog
from routing.requirement import TASK_KINDS

DEFAULT_FILE = Path(__file__).with_name("catalog.toml")
_MISSING: Any = object()
T = TypeVar("T")


class _Table:
    """One table of the file: fields are taken out by name and type, what is left over is an error."""

    def __init__(self, content: Any, where: str) -> None:
        if not isinstance(content, Mapping):
            raise InvalidCatalog(where, "must be a table")
        self.left = dict(content)
        self.where = where

    def take(self, name: str, kind: type[T] | tuple[type, ...], default: Any = _MISSING) -> T:
        value = self.left.pop(name, default)
        if value is _MISSING:
            raise InvalidCatalog(self.where, f"{name} is missing")
        if value is default:
            return value  # type: ignore[no-any-return]
        if (isinstance(value, bool) and kind is not bool) or not isinstance(value, kind):
            raise InvalidCatalog(self.where, f"{name} cannot be {value!r}")
        return value  # type: ignore[return-value]

    def count(self, name: str, default: Any = _MISSING) -> int:
        value = self.take(name, int, default)
        if isinstance(value, int) and value < 0:
            raise InvalidCatalog(self.where, f"{name} cannot be {value!r}")
        return value

    def number(self, name: str, default: Any = _MISSING) -> float:
        value: Any = self.take(name, (int, float), default)
        if value is default:
            return value  # type: ignore[no-any-return]
        if not 0 <= value < float("inf"):
            raise InvalidCatalog(self.where, f"{name} cannot be {value!r}")
        return float(value)

    def table(self, name: str) -> "_Table":
        return _Table(self.left.pop(name, None), f"{self.where}, {name}")

    def tables(self, name: str) -> list[Any]:
        return self.take(name, list, [])

    def done(self) -> None:
        if self.left:
            raise InvalidCatalog(self.where, f"unknown field {min(self.left)!r}")


def load(path: Path = DEFAULT_FILE, *, more: Path | None = None) -> Catalog:
    """Read a file, and `more` of the same form to go with it.

    Raises InvalidCatalog, naming the entry and the field, when one cannot be used.
    """
    content = _content(path)
    if more is None:
        return catalog_from(content)
    added = _content(more)
    # Together, for what is added may stand for what is there: checked as one.
    joined = {
        name: [*content.get(name, ()), *added.get(name, ())] for name in ("providers", "models", "retired")
    }
    aliases = {**content.get("aliases", {}), **added.get("aliases", {})}
    if unknown := sorted(set(added) - {*joined, "aliases"}):
        raise InvalidCatalog(str(more), f"unknown field {unknown[0]!r}")
    return catalog_from({**content, **joined, "aliases": aliases})


@cache
def catalog() -> Catalog:
    """The catalogue of this installation: what ships with the product and what MIOSA_CATALOG adds, read once."""
    added = environment().catalog
    return load(more=Path(added) if added else None)


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidCatalog(str(path), f"cannot be read: {error}") from error


def catalog_from(content: Mapping[str, Any]) -> Catalog:
    """The same for content that is already parsed."""
    top = _Table(content, "catalogue")
    providers = tuple(_provider(row) for row in top.tables("providers"))
    models = tuple(_model(row) for row in top.tables("models"))
    retired = tuple(_retired(row) for row in top.tables("retired"))
    aliases = top.take("aliases", dict, {})
    for name, target in aliases.items():
        if not isinstance(target, str):
            raise InvalidCatalog(f"alias {name}", f"cannot stand for {target!r}")
    top.done()
    return Catalog(providers=providers, models=models, aliases=aliases, retired=retired)


def _named(row: Any, kind: str, field: str) -> _Table:
    name = row.get(field) if isinstance(row, Mapping) else None
    return _Table(row, f"{kind} {name or '(unnamed)'}")


def _provider(row: Any) -> ProviderFacts:
    table = _named(row, "provider", "name")
    facts = ProviderFacts(
        name=table.take("name", str),
        title=table.take("title", str),
        base_url=table.take("base_url", str),
        url_variable=table.take("url_variable", str),
        key_variable=table.take("key_variable", str),
        note=table.take("note", str, ""),
        first_token_s=table.number("first_token_s"),
        idle_s=table.number("idle_s"),
        total_s=table.number("total_s"),
        wire=table.take("wire", str, ""),
    )
    table.done()
    return facts


def _model(row: Any) -> Model:
    table = _named(row, "model", "id")
    context = table.count("context_tokens")
    model = Model(
        id=table.take("id", str),
        provider=table.take("provider", str),
        title=table.take("title", str),
        price=_price(table),
        context_tokens=context,
        max_input_tokens=table.count("max_input_tokens"),
        max_output_tokens=table.count("max_output_tokens"),
        quality=_rating(table.table("quality")),
        speed=_rating(table.table("speed")),
        cost=_rating(table.table("cost")),
        fit=_fit(table.table("fit")),
        tokens_per_s=table.number("tokens_per_s", None),
        tools=table.take("tools", bool),
        json=_json_support(table),
        thinking=table.take("thinking", bool),
        thinking_tokens=table.count("thinking_tokens", 0),
        note=table.take("note", str, ""),
    )
    table.done()
    if not 0 < model.max_input_tokens <= context:
        raise InvalidCatalog(table.where, "max_input_tokens must lie between 1 and context_tokens")
    return model


def _json_support(table: _Table) -> JsonSupport:
    value: Any = table.take("json", str)
    if value not in get_args(JsonSupport):
        raise InvalidCatalog(table.where, f"json must be one of {', '.join(get_args(JsonSupport))}")
    return value  # type: ignore[no-any-return]


def _price(table: _Table) -> Price | None:
    """A model without a price is listed, and never chosen: unknown is not free."""
    if "price" not in table.left:
        return None
    inner = table.table("price")
    price = Price(
        input_micros=inner.count("input_micros"),
        output_micros=inner.count("output_micros"),
        cached_micros=inner.count("cached_micros", None),
        source=inner.take("source", str),
        as_of=inner.take("as_of", date),
    )
    inner.done()
    return price


def _rating(table: _Table) -> Rating:
    rating = Rating(table.number("value"), table.take("source", str), table.take("as_of", date))
    table.done()
    if rating.value > FULL_RATING:
        raise InvalidCatalog(table.where, f"value cannot be {rating.value}: ratings go from 0 to 10")
    return rating


def _fit(table: _Table) -> Mapping[str, Rating]:
    source, as_of = table.take("source", str), table.take("as_of", date)
    fit = {}
    for kind in TASK_KINDS:
        if kind in table.left:
            content = {"value": table.left.pop(kind), "source": source, "as_of": as_of}
            fit[kind] = _rating(_Table(content, f"{table.where}, {kind}"))
    table.done()
    return fit


def _retired(row: Any) -> Retired:
    table = _named(row, "retired", "id")
    gone = Retired(
        id=table.take("id", str),
        replaced_by=table.take("replaced_by", str),
        retired_on=table.take("retired_on", date, None),
        note=table.take("note", str, ""),
    )
    table.done()
    return gone
