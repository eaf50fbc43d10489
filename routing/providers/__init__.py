"""The providers there are: a new one is a file beside these and a line here."""

from routing.providers.anthropic import Anthropic
from routing.providers.groq import Groq
from routing.providers.local import Local
from routing.providers.moonshot import Moonshot
from routing.providers.openai import OpenAI
from routing.providers.openai_chat import OpenAIChat
from routing.providers.openai_compatible import OpenAICompatible

PROVIDERS: tuple[type[OpenAIChat], ...] = (Groq, Moonshot, Local, OpenAI, OpenAICompatible, Anthropic)
