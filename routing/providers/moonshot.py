"""Moonshot (Kimi): its models think, and want their sampling left alone."""

from routing.providers.openai_chat import OpenAIChat


class Moonshot(OpenAIChat):
    """https://platform.kimi.ai/docs: temperature and its kin are fixed by the platform from K2.6 on."""

    name = "moonshot"
    samples = False
    keeps_reasoning = True
