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
    connected = {}
    for facts in catalog.providers:
        address = variables.get(facts.url_variable, "") or facts.base_url
        key = variables.get(facts.key_variable, "") if facts.key_variable else ""
        if address and (key or not facts.key_variable):
            connected[facts.name] = kinds[facts.name](address, key)
    return connected


def limits_of(facts: ProviderFacts, *, total_s: float | None = None) -> Limits:
    """The provider's own patience, cut to what is left of the caller's time (seconds)."""
    total = facts.total_s if total_s is None else min(facts.total_s, total_s)
    return Limits(first_token_s=facts.first_token_s, idle_s=facts.idle_s, total_s=total)
