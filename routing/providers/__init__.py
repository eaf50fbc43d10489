"""The providers there are: a new one is a file beside these and a line here."""

from routing.providers.groq import Groq
from routing.providers.local import Local
from routing.providers.moonshot import Moonshot
from routing.providers.openai_chat import OpenAIChat

PROVIDERS: tuple[type[OpenAIChat], ...] = (Groq, Moonshot, Local)
