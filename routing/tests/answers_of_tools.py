"""Answers of the chat wire that the scripted server has no words for: calls of tools, probabilities."""

import json
from typing import Any

from miosa.testing.wire_replies import Reply

CALLS: list[dict[str, Any]] = [
    {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
    {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}},
]
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
USAGE = {"prompt_tokens": 20, "completion_tokens": 8, "total_tokens": 28}
LOGPROBS = {
    "content": [{"token": "yes", "logprob": -0.1, "bytes": [121], "top_logprobs": []}],
    "refusal": None,
}


def whole(message: dict[str, Any], finish: str, **more: Any) -> Reply:
    """An answer in one piece."""
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": None} | message,
        "finish_reason": finish,
    } | more
    document: dict[str, Any] = {
        "id": "chatcmpl-x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE,
    }  # fmt: skip
    return Reply(raw=[json.dumps(document).encode()])


def streamed(deltas: list[dict[str, Any]], finish: str) -> Reply:
    """An answer in pieces, compact as most providers send it, with the usage at its end."""
    head: dict[str, Any] = {"id": "chatcmpl-x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    events = [head | {"choices": [choice]} for choice in choices] + [head | {"choices": [], "usage": USAGE}]
    frames = [f"data: {json.dumps(event, separators=(',', ':'))}\n\n".encode() for event in events]
    return Reply(raw=[*frames, b"data: [DONE]\n\n"])


def call_deltas() -> list[dict[str, Any]]:
    """Two calls at once, their arguments in pieces."""
    found: list[dict[str, Any]] = []
    for place, call in enumerate(CALLS):
        function = call["function"]
        found.append(
            {
                "tool_calls": [
                    {**call, "index": place, "function": {"name": function["name"], "arguments": ""}}
                ]
            }
        )
        half = len(function["arguments"]) // 2
        parts = function["arguments"][:half], function["arguments"][half:]
        found += [{"tool_calls": [{"index": place, "function": {"arguments": part}}]} for part in parts]
    return found
