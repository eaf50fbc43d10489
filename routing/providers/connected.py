"""Which providers can be reached with the variables that are set."""

from collections.abc import Mapping

from routing.catalog import Catalog, ProviderFacts
from routing.providers import PROVIDERS
from routing.providers.contract import Limits
from routing.providers.openai_chat import OpenAIChat


def connect(catalog: Catalog, variables: Mapping[str, str]) -> dict[str, OpenAIChat]:
    """One provider for each entry of the catalogue that has an address and, if it wants one, a key.

    `variables` are values by the names the catalogue uses (GROQ_API_KEY, LOCAL_MODEL_URL, ...); '' means not set.
    """
    kinds = {kind.name: kind for kind in PROVIDERS}
    return {
        facts.name: kinds[facts.name](_address(facts, variables), variables.get(facts.key_variable, ""))
        for facts in catalog.providers
        if is_reachable(facts, variables)
    }


def is_reachable(facts: ProviderFacts, variables: Mapping[str, str]) -> bool:
    """Whether the variables hold an address and, where one is wanted, a key."""
    return bool(_address(facts, variables) and (not facts.key_variable or variables.get(facts.key_variable)))


def _address(facts: ProviderFacts, variables: Mapping[str, str]) -> str:
    return variables.get(facts.url_variable, "") or facts.base_url


def limits_of(facts: ProviderFacts, *, total_s: float | None = None) -> Limits:
    """The provider's own patience, cut to what is left of the caller's time (seconds)."""
    total = facts.total_s if total_s is None else min(facts.total_s, total_s)
    return Limits(first_token_s=facts.first_token_s, idle_s=facts.idle_s, total_s=total)
