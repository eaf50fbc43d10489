"""The local model: a llama.cpp server, or any other that speaks the wire on this machine."""

from typing import Any
from urllib.parse import urlsplit

from routing.catalog import Model
from routing.messages import Prompt
from routing.providers.openai_chat import OpenAIChat


class Local(OpenAIChat):
    """Needs no key. A grammar of the prompt is enforced by llama.cpp and wins over the schema."""

    name = "local"
    max_tokens_field = "max_tokens"

    names_itself = False

    @classmethod
    def base(cls, url: str) -> str:
        """`http://host:port` alone is taken as `http://host:port/v1`."""
        bare = not urlsplit(url).path.strip("/")
        return f"{url.rstrip('/')}/v1" if bare else url.rstrip("/")

    def body(self, model: Model, prompt: Prompt) -> dict[str, Any]:
        """With a grammar there is no response format: llama.cpp refuses the two together."""
        content = super().body(model, prompt)
        if prompt.grammar and model.json == "grammar":
            content.pop("response_format", None)
            content["grammar"] = prompt.grammar
        return content
