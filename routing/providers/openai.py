"""OpenAI itself: the wire as it is written down."""

from routing.providers.openai_chat import OpenAIChat


class OpenAI(OpenAIChat):
    """https://platform.openai.com/docs: its thinking models take `max_completion_tokens` alone."""

    name = "openai"
