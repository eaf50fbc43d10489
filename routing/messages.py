"""What is said to a model and what comes back, without any provider's wire in it."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]

# Below the 3.8 (code) to 5.1 (prose) that English measured on SmolLM2's tokenizer, so rather too many than too few;
# that tokenizer takes 2.4 for German and 2.1 for Chinese, which the larger models' do not.
BYTES_PER_TOKEN = 3.5
TOKENS_PER_MESSAGE = 6  # role and separators of a chat template


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to have a tool used. `arguments` is the JSON text it wrote, which nobody has checked yet."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolOffer:
    """A tool that a model may ask for; `parameters` is the JSON schema of its arguments, an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. `calls` are an assistant's; `call_id` names the call that a tool answers."""

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Everything one call asks of a model.

    `temperature` None leaves sampling to the model. `response_schema` is a JSON schema the answer shall fit;
    `grammar` is a GBNF that only a llama.cpp server can enforce and that wins over the schema there. `tools` may be
    asked for instead of an answer; a model that knows no tools is held to a schema which says the same.
    """

    messages: tuple[Message, ...]
    max_output_tokens: int = 512
    temperature: float | None = None
    response_schema: Mapping[str, Any] | None = None
    grammar: str | None = None
    tools: tuple[ToolOffer, ...] = ()

    @property
    def input_tokens(self) -> int:
        """An estimate, in tokens; the provider's own count replaces it after the call."""
        turns = sum(estimate_tokens(_said(turn)) + TOKENS_PER_MESSAGE for turn in self.messages)
        return turns + sum(
            estimate_tokens(tool.description + json.dumps(dict(tool.parameters))) for tool in self.tools
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `cached_tokens` are part of `input_tokens`. Estimated: the provider gave no count."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a streamed answer; the last one of a whole answer has a finish reason and the usage.

    `calls` are pieces of calls of tools, each with its place: what has the same place belongs together.
    """

    text: str = ""
    reasoning: str = ""
    calls: tuple[tuple[int, ToolCall], ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole answer: it always ended with a finish reason. Times in milliseconds.

    `model` is the name the provider gave itself. `pause_s`: the provider's own headers say that nothing is
    left of the rate for so many seconds (None: nothing said).
    """

    text: str
    finish_reason: str
    usage: Usage
    model: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    latency_ms: int = 0
    first_token_ms: int | None = None
    pause_s: float | None = field(default=None, compare=False)


def _said(turn: Message) -> str:
    return turn.content + "".join(call.name + call.arguments for call in turn.calls)


def estimate_tokens(text: str) -> int:
    """Tokens in a text when nobody counted them: its UTF-8 bytes by BYTES_PER_TOKEN, rounded up."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)


def clean(text: str) -> str:
    """The text without halves of surrogate pairs, which no wire can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
