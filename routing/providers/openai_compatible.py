"""Any server that speaks OpenAI's wire, by its address: vLLM, Ollama, llama.cpp, a proxy."""

from routing.providers.openai_chat import OpenAIChat


class OpenAICompatible(OpenAIChat):
    """What is optional on the wire may be missing; `max_tokens` is the name that all of them know."""

    name = "openai-compatible"
    max_tokens_field = "max_tokens"
