"""Groq: fast; a structured answer cannot be streamed there."""

from collections.abc import Mapping
from typing import Any

from routing.catalog import Model
from routing.messages import Prompt
from routing.providers.openai_chat import OpenAIChat


class Groq(OpenAIChat):
    """https://console.groq.com/docs: sampling is ours to set, structured output excludes streaming."""

    name = "groq"

    def streams(self, model: Model, prompt: Prompt) -> bool:
        """Groq refuses `stream` together with a response format."""
        del model
        return prompt.response_schema is None

    @classmethod
    def streams_with(cls, body: Mapping[str, Any]) -> bool:
        """The same for a caller's own request."""
        return not body.get("response_format")
