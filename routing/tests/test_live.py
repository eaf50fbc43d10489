"""The real providers, where their key is set: they still speak the wire, and the catalogue's models still exist."""

import pytest

from routing.catalog_file import catalog
from routing.messages import Message, Prompt
from routing.providers.connected import connect

PROVIDERS = [
    pytest.param("groq", "GROQ_API_KEY", marks=pytest.mark.live("GROQ_API_KEY")),
    pytest.param("moonshot", "KIMI_API_KEY", marks=pytest.mark.live("KIMI_API_KEY")),
]


@pytest.mark.parametrize(("name", "variable"), PROVIDERS)
def test_it_answers(live_key, name, variable):
    """A whole answer with a finish reason and the provider's own count of tokens."""
    provider = connect(catalog(), {variable: live_key})[name]
    model = next(model for model in catalog().models if model.provider == name and model.price)
    answer = provider.complete(
        model, Prompt((Message("user", "Answer with the word yes."),), max_output_tokens=512)
    )
    assert answer.finish_reason
    assert answer.usage.input_tokens > 0


@pytest.mark.parametrize(("name", "variable"), PROVIDERS)
def test_the_catalogue_is_of_today(live_key, name, variable):
    """Every priced model of the catalogue is one the provider serves."""
    served = set(connect(catalog(), {variable: live_key})[name].models())
    listed = {model.id for model in catalog().models if model.provider == name and model.price}
    assert listed <= served
