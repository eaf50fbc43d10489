"""Asks the providers whose key is set which models they serve just now."""

import contextlib
from collections.abc import Mapping

from routing.catalog import Catalog, ProviderFacts
from routing.providers import PROVIDERS
from routing.providers.connected import connect, is_reachable
from routing.providers.contract import ProviderFailure
from routing.upkeep.finding import Offer


def ask(catalog: Catalog, variables: Mapping[str, str]) -> tuple[Offer, ...]:
    """One Offer for every provider of the catalogue, also for those that are not asked or give no answer.

    `variables` are values by the names the catalogue uses; none of them is in what comes back.
    """
    return tuple(_asked(facts, variables) for facts in catalog.providers)


def _asked(facts: ProviderFacts, variables: Mapping[str, str]) -> Offer:
    why_not = _why_not(facts, variables)
    if why_not:
        return Offer(facts.name, None, asked=False, said=why_not)
    try:
        # Alone in its catalogue: the key of one that cannot be sent must not silence the others.
        provider = connect(Catalog((facts,), ()), variables)[facts.name]
        with contextlib.closing(provider):
            windows = provider.windows()
    except (ProviderFailure, ValueError) as failure:
        return Offer(facts.name, None, asked=True, said=f"no answer: {failure}")
    if not windows:
        return Offer(facts.name, None, asked=True, said="no answer: its list of models is empty")
    return Offer(facts.name, windows, asked=True, said=f"lists {len(windows)} models")


def _why_not(facts: ProviderFacts, variables: Mapping[str, str]) -> str:
    if not facts.key_variable:
        return "not asked: it needs no key and serves what its operator loaded"
    if not is_reachable(facts, variables):
        missing = facts.url_variable if variables.get(facts.key_variable) else facts.key_variable
        return f"not asked: {missing} is empty"
    if facts.name not in {kind.name for kind in PROVIDERS}:
        return "not asked: nothing in routing.providers speaks to it"
    return ""
