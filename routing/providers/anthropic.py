"""Anthropic's own wire, the Messages API: requests are turned into it, answers into the chat wire."""

from collections.abc import Mapping
from typing import Any

from routing.catalog import Model
from routing.providers.anthropic_answer import Events, chat_completion
from routing.providers.anthropic_request import messages_request
from routing.providers.openai_chat import OpenAIChat
from routing.providers.redaction import Secret

VERSION = "2023-06-01"  # https://docs.anthropic.com/en/api/versioning


class Anthropic(OpenAIChat):
    """https://docs.anthropic.com/en/api/messages; what has no counterpart there is refused or told as left out."""

    name = "anthropic"
    max_tokens_field = "max_tokens"
    chat_path = "/messages"

    @classmethod
    def credentials(cls, key: Secret) -> dict[str, str]:
        """A header of its own carries the key."""
        return {"x-api-key": key.reveal(), "anthropic-version": VERSION} if key else {}

    @classmethod
    def outgoing(
        cls, model: Model, body: Mapping[str, Any], max_output_tokens: int
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A caller's own request as a request for a message."""
        return messages_request(model, body, max_output_tokens)

    @classmethod
    def incoming(cls, document: Any) -> Any:
        """A message as a chat completion."""
        return chat_completion(document)

    @classmethod
    def translator(cls) -> Events:
        """What turns the events of one message into chunks."""
        return Events()

    def body(self, model: Model, prompt: Any) -> dict[str, Any]:
        """A prompt of our own, by the same way as a caller's request."""
        chat = super().body(model, prompt)
        most = chat.pop(self.max_tokens_field)
        return self.outgoing(model, chat, most)[0]
