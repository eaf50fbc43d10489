"""How tools are offered to a model: by its own fields where it knows them, as a schema of answers where it does not.

A model without tools is shown them in words and held to one JSON object: either a tool with its arguments, or its
answer. A server that decodes by a grammar cannot leave that form, so even a small model calls a tool correctly.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from routing.catalog import Model
from routing.messages import Completion, Message, Prompt, ToolCall, ToolOffer, clean

TOOL, ARGUMENTS, ANSWER = "tool", "arguments", "answer"
SPELLED_ID = "call_0"


def fields_of(prompt: Prompt) -> dict[str, Any]:
    """The fields of the request that offer tools; empty where none are offered."""
    if not prompt.tools:
        return {}
    offered = [
        {
            "type": "function",
            "function": {
                "name": one.name,
                "description": one.description,
                "parameters": dict(one.parameters),
            },
        }
        for one in prompt.tools
    ]
    return {"tools": offered, "tool_choice": "auto"}


def turn_of(message: Message) -> dict[str, Any]:
    """One message as the chat wire has it."""
    turn: dict[str, Any] = {"role": message.role, "content": clean(message.content)}
    if message.calls:
        turn["tool_calls"] = [
            {
                "id": one.id,
                "type": "function",
                "function": {"name": one.name, "arguments": clean(one.arguments)},
            }
            for one in message.calls
        ]
    if message.call_id:
        turn["tool_call_id"] = message.call_id
    return turn


def is_spelled(model: Model, prompt: Prompt) -> bool:
    """Whether this model must be asked for tools in words."""
    return bool(prompt.tools) and not model.tools


def spelled(model: Model, prompt: Prompt) -> Prompt:
    """The same prompt for a model that knows no tools; the prompt itself for one that does."""
    if not is_spelled(model, prompt):
        return prompt
    told = Message("system", _words(prompt.tools))
    turns = tuple(_in_words(turn) for turn in prompt.messages)
    return replace(
        prompt, messages=(told, *turns), tools=(), response_schema=answers_schema(prompt.tools), grammar=None
    )


def read(completion: Completion) -> Completion:
    """A spelled answer as a call or as a text; what fits neither form is a text."""
    try:
        said = json.loads(completion.text[completion.text.index("{") : completion.text.rindex("}") + 1])
    except (ValueError, RecursionError):
        return completion
    if isinstance(said, dict) and isinstance(said.get(TOOL), str):
        call = ToolCall(SPELLED_ID, said[TOOL], json.dumps(said.get(ARGUMENTS) or {}))
        return replace(completion, text="", calls=(call,), finish_reason="tool_calls")
    if isinstance(said, dict) and isinstance(said.get(ANSWER), str):
        return replace(completion, text=said[ANSWER])
    return completion


def answers_schema(tools: Sequence[ToolOffer]) -> dict[str, Any]:
    """The JSON schema of what may be answered: one tool with its arguments, or the answer."""
    calls = [_closed({TOOL: {"const": one.name}, ARGUMENTS: dict(one.parameters)}) for one in tools]
    return {"anyOf": [*calls, _closed({ANSWER: {"type": "string"}})]}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _words(tools: Sequence[ToolOffer]) -> str:
    listed = "\n".join(
        f"- {one.name}: {one.description} Arguments: {json.dumps(dict(one.parameters), ensure_ascii=False)}"
        for one in tools
    )
    return (
        f"You may use these tools, one at a time:\n{listed}\n"
        f'Answer with one JSON object: {{"{TOOL}": name, "{ARGUMENTS}": {{...}}}} to use a tool, or '
        f'{{"{ANSWER}": "..."}} once you know the answer.'
    )


def _in_words(turn: Message) -> Message:
    if turn.calls:
        one = turn.calls[0]
        return Message("assistant", f'{{"{TOOL}": "{one.name}", "{ARGUMENTS}": {one.arguments or "{}"}}}')
    if turn.role == "tool":
        return Message("user", turn.content)
    return turn
