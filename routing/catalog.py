"""The models we know, with what they cost, hold and are good at; `catalog.toml` is the data."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from routing.errors import InvalidCatalog, UnknownModel

# none: no promise. object: any JSON object. schema: best effort at a schema. strict: decoding is held to
# the schema. grammar: as strict, and a GBNF grammar is understood too.
JsonSupport = Literal["none", "object", "schema", "strict", "grammar"]

DEFAULT_FIT = 6.0  # where the catalogue says nothing of a task kind
FULL_RATING = 10.0


def digest_of(content: Mapping[str, Any]) -> str:
    """A hash of plain JSON that survives any storage of it: names in one order, numbers as Python writes them."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rating:
    """A value from 0 to 10, with where it comes from and when."""

    value: float
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars per million tokens."""

    input_micros: int
    output_micros: int
    cached_micros: int | None
    source: str
    as_of: date

    @property
    def cached_or_input_micros(self) -> int:
        """Without a price of their own cached tokens cost what others cost."""
        return self.input_micros if self.cached_micros is None else self.cached_micros


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """Where a provider is reached. An empty `key_variable` means that it wants no key.

    `first_token_s` and the two after it are its patience in seconds: until the first token, between two, and for a
    whole call. `wire` names how it is spoken to, '' where that is its own name.
    """

    name: str
    title: str
    base_url: str
    url_variable: str
    key_variable: str
    note: str
    first_token_s: float
    idle_s: float
    total_s: float
    wire: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """A candidate. Sizes in tokens; `thinking_tokens` is what it may think beyond the answer asked for."""

    id: str
    provider: str
    title: str
    price: Price | None
    context_tokens: int
    max_input_tokens: int
    max_output_tokens: int
    quality: Rating
    speed: Rating
    cost: Rating
    fit: Mapping[str, Rating]
    tokens_per_s: float | None = None
    tools: bool = False
    json: JsonSupport = "none"
    thinking: bool = False
    thinking_tokens: int = 0
    note: str = ""

    def fit_for(self, task_kind: str) -> Rating | None:
        """How well it suits a kind of task; None where the catalogue says nothing."""
        return self.fit.get(task_kind)

    def output_ceiling(self, max_output_tokens: int, input_tokens: int = 0) -> int:
        """The most tokens it can be billed for when so many are asked for: with its thinking, inside its window."""
        room = max(1, self.context_tokens - input_tokens)
        return max(1, min(max_output_tokens + self.thinking_tokens, self.max_output_tokens, room))


@dataclass(frozen=True, slots=True)
class Retired:
    """A name that answers no more. `retired_on` None: gone, but nobody wrote down when."""

    id: str
    replaced_by: str
    retired_on: date | None
    note: str = ""


@dataclass(frozen=True)
class Catalog:
    """All of it, checked when made: one meaning per name, every name ends at a model, no circle."""

    providers: tuple[ProviderFacts, ...]
    models: tuple[Model, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)
    retired: tuple[Retired, ...] = ()

    def __post_init__(self) -> None:
        self._check_names()
        providers = {provider.name for provider in self.providers}
        for model in self.models:
            if model.provider not in providers:
                raise InvalidCatalog(f"model {model.id}", f"no provider is called {model.provider!r}")
        for name in self._names():
            self._walk(name)

    def _names(self) -> list[str]:
        return [*(model.id for model in self.models), *self.aliases, *(gone.id for gone in self.retired)]

    def _check_names(self) -> None:
        for kind, names in (
            ("provider", [p.name for p in self.providers]),
            ("model or alias", self._names()),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise InvalidCatalog(f"{kind} {twice[0]}", "is there twice")

    @cached_property
    def _by_id(self) -> dict[str, Model]:
        return {model.id: model for model in self.models}

    @cached_property
    def _retired(self) -> dict[str, Retired]:
        return {gone.id: gone for gone in self.retired}

    @cached_property
    def digest(self) -> str:
        """The same for the same content, whatever the process: a hash of its JSON."""
        return digest_of(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; dates as ISO 8601."""
        content: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return content

    def model(self, model_id: str) -> Model:
        """The model of exactly this id; UnknownModel otherwise."""
        try:
            return self._by_id[model_id]
        except KeyError:
            raise UnknownModel(model_id, self._by_id) from None

    def provider(self, name: str) -> ProviderFacts:
        return next(provider for provider in self.providers if provider.name == name)

    def resolve(self, name: str) -> tuple[Model, str]:
        """The model a name stands for, and a note ('' for its own id) that the answer must carry.

        Raises UnknownModel, naming the nearest names, for anything else.
        """
        if name not in self._by_id and name not in self.aliases and name not in self._retired:
            raise UnknownModel(name, self._names())
        return self._walk(name)

    def _walk(self, name: str) -> tuple[Model, str]:
        notes: list[str] = []
        here, seen = name, {name}
        while here not in self._by_id:
            here, note = self._next(here, name)
            notes.append(note)
            if here in seen:
                raise InvalidCatalog(f"alias {name}", f"leads in a circle through {here}")
            seen.add(here)
        return self._by_id[here], "; ".join(notes)

    def _next(self, here: str, start: str) -> tuple[str, str]:
        if here in self.aliases:
            return self.aliases[here], f"{here} stands for {self.aliases[here]}"
        gone = self._retired.get(here)
        if gone is None:
            raise InvalidCatalog(f"alias {start}", f"leads to {here!r}, which is no model")
        when = f" on {gone.retired_on}" if gone.retired_on else ""
        return gone.replaced_by, f"{here} was retired{when}, {gone.replaced_by} takes its place"
