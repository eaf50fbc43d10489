"""Small catalogues for the tests: the three models of the original rule, and makers for others."""

from collections.abc import Mapping
from datetime import date

from routing.catalog import Catalog, Model, Price, ProviderFacts, Rating

AS_OF = date(2026, 1, 1)
KINDS = ("chat", "code", "summarize", "extract", "reason", "orchestration")


def rating(value: float) -> Rating:
    return Rating(value, "test", AS_OF)


def provider(name: str) -> ProviderFacts:
    return ProviderFacts(
        name=name,
        title=name.title(),
        base_url="http://127.0.0.1:9/v1",
        url_variable=f"{name.upper()}_BASE_URL",
        key_variable=f"{name.upper()}_API_KEY",
        note="",
        first_token_s=1,
        idle_s=1,
        total_s=5,
    )


def model(
    name: str,
    *,
    provider: str = "groq",
    quality: float = 5,
    speed: float = 5,
    cost: float = 5,
    fit: Mapping[str, float] | None = None,
    context: int = 128_000,
    tools: bool = True,
    json: str = "schema",
    priced: bool = True,
) -> Model:
    return Model(
        id=name,
        provider=provider,
        title=name,
        price=Price(1, 1, None, "test", AS_OF) if priced else None,
        context_tokens=context,
        max_input_tokens=context,
        max_output_tokens=8_192,
        quality=rating(quality),
        speed=rating(speed),
        cost=rating(cost),
        fit={kind: rating(value) for kind, value in (fit or {}).items()},
        tools=tools,
        json=json,
    )


def catalog_of(*models: Model) -> Catalog:
    names = sorted({entry.provider for entry in models} or {"groq"})
    return Catalog(providers=tuple(provider(name) for name in names), models=models)


EIGHT_B = model(
    "llama-3.1-8b-instant",
    quality=7, speed=9, cost=9,
    fit={"chat": 8, "code": 7, "summarize": 8, "extract": 8, "reason": 6},
)  # fmt: skip
SEVENTY_B = model(
    "llama-3.3-70b-versatile",
    quality=9, speed=6, cost=6,
    fit={"chat": 9, "code": 8, "summarize": 9, "extract": 8, "reason": 8},
)  # fmt: skip
KIMI = model(
    "moonshotai/kimi-k2-instruct",
    provider="kimi", context=200_000,
    quality=10, speed=7, cost=5,
    fit={"chat": 8, "code": 9, "summarize": 8, "reason": 9, "orchestration": 10},
)  # fmt: skip
ORIGINAL = catalog_of(EIGHT_B, SEVENTY_B, KIMI)
BOTH = frozenset({"groq", "kimi"})
