"""Which providers can be reached with the variables that are set."""

from collections.abc import Mapping

from routing.catalog import Catalog, ProviderFacts
from routing.errors import InvalidCatalog
from routing.providers import PROVIDERS
from routing.providers.contract import Limits
from routing.providers.openai_chat import OpenAIChat


def connect(catalog: Catalog, variables: Mapping[str, str]) -> dict[str, OpenAIChat]:
    """One provider for each entry of the catalogue that has an address and, if it wants one, a key.

    `variables` are values by the names the catalogue uses (GROQ_API_KEY, LOCAL_MODEL_URL, ...); '' means not set.
    """
    return {
        facts.name: kind_of(facts)(address_of(facts, variables), variables.get(facts.key_variable, ""))
        for facts in catalog.providers
        if is_reachable(facts, variables)
    }


def kind_of(facts: ProviderFacts) -> type[OpenAIChat]:
    """How a provider is spoken to. Raises InvalidCatalog for a wire that nobody here speaks."""
    wire = facts.wire or facts.name
    kind = next((kind for kind in PROVIDERS if kind.name == wire), None)
    if kind is None:
        known = ", ".join(sorted(kind.name for kind in PROVIDERS))
        raise InvalidCatalog(f"provider {facts.name}", f"speaks {wire!r}; the wires here are {known}")
    return kind


def is_reachable(facts: ProviderFacts, variables: Mapping[str, str]) -> bool:
    """Whether the variables hold an address and, where one is wanted, a key."""
    return bool(
        address_of(facts, variables) and (not facts.key_variable or variables.get(facts.key_variable))
    )


def address_of(facts: ProviderFacts, variables: Mapping[str, str]) -> str:
    """Return where a provider is; '' where nobody has said so."""
    return variables.get(facts.url_variable, "") or facts.base_url


def limits_of(facts: ProviderFacts, *, total_s: float | None = None) -> Limits:
    """The provider's own patience, cut to what is left of the caller's time (seconds)."""
    total = facts.total_s if total_s is None else min(facts.total_s, total_s)
    return Limits(first_token_s=facts.first_token_s, idle_s=facts.idle_s, total_s=total)
