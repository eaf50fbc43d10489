"""A model of this machine, asked without Django's rows: the same question gets the same answer, by its seed's rules."""

from collections.abc import Sequence
from typing import Any

from agents.contract import ModelUnavailable, Reply
from routing.attempts import Attempts
from routing.catalog import Model
from routing.catalog_file import catalog
from routing.embeddings import Embeddings
from routing.errors import EmbeddingsUnavailable, NoProviderLeft
from routing.messages import Message, Prompt

PRIOR = 0.5  # no record speaks for it


class LocalModel:
    """One model of the provider `local`, and the embeddings beside it; both are named by their URLs."""

    def __init__(self, model_url: str, embeddings_url: str) -> None:
        """Take the first model that the catalogue has of the local provider."""
        facts = next(one for one in catalog().providers if one.name == "local")
        self.model: Model = next(one for one in catalog().models if one.provider == "local")
        self._attempts = Attempts.connected(catalog(), {str(facts.url_variable): model_url})
        self._embeddings = Embeddings(embeddings_url)

    def ask(self, prompt: str, system: str, *, most: int, **options: Any) -> Reply:
        """Ask it. Raises ModelUnavailable."""
        asked = Prompt(
            messages=(Message("system", system), Message("user", prompt)),
            max_output_tokens=most,
            temperature=options["temperature"],
            response_schema=options["schema"],
            grammar=options["grammar"],
        )
        try:
            answered = self._attempts.collect([self.model], asked)
        except NoProviderLeft as error:
            raise ModelUnavailable(error.detail) from error
        said = answered.completion
        return Reply(said.text, self.model.id, said.finish_reason, PRIOR, capable=False)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one unit vector for each text. Raises ModelUnavailable."""
        try:
            return self._embeddings.embed(texts)
        except EmbeddingsUnavailable as error:
            raise ModelUnavailable(error.detail) from error
