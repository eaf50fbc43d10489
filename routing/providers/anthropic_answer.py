"""An answer of Anthropic's Messages API as one of the chat wire: whole, or event by event."""

import json
import time
from collections.abc import Mapping
from typing import Any

from routing.providers.contract import BrokenAnswer
from routing.providers.wire import error_inside

FINISH = {"end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls", "max_tokens": "length",
          "refusal": "content_filter", "pause_turn": "stop", "model_context_window_exceeded": "length"}  # fmt: skip


def chat_completion(document: Any) -> dict[str, Any]:
    """Return the chat completion that a message is. Raises BrokenAnswer."""
    if not isinstance(document, dict) or document.get("type") == "error":
        raise error_inside(document.get("error") if isinstance(document, dict) else None)
    blocks = [block for block in document.get("content") or () if isinstance(block, dict)]
    text = "".join(block.get("text", "") for block in blocks if block.get("type") == "text")
    thought = "".join(block.get("thinking", "") for block in blocks if block.get("type") == "thinking")
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    message |= {"reasoning_content": thought} if thought else {}
    message |= {"tool_calls": calls} if calls else {}
    choice = {"index": 0, "message": message, "finish_reason": _finish(document.get("stop_reason"))}
    return {
        "id": document.get("id", ""),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": document.get("model", ""),
        "choices": [choice],
        "usage": _usage(document.get("usage") or {}),
    }


class Events:
    """The events of one message as chunks of the chat wire."""

    def __init__(self) -> None:
        self._id, self._model, self._created = "", "", int(time.time())
        self._usage: dict[str, Any] = {}
        self._calls = -1

    def chunks(self, event: Any) -> list[dict[str, Any]]:
        """Return what an event adds. Raises BrokenAnswer for an error among the events."""
        if not isinstance(event, dict):
            raise BrokenAnswer("a malformed chunk: not a JSON object")
        if event.get("type") == "error":
            raise error_inside(event.get("error"))
        reads = READERS.get(event.get("type", ""))
        return reads(self, event) if reads else []

    def begins(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The message begins: it tells what it read."""
        message = event.get("message") or {}
        self._id, self._model = message.get("id", ""), message.get("model", "")
        self._usage |= message.get("usage") or {}
        return [self._chunk({"role": "assistant", "content": ""})]

    def block(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A block begins: a call of a tool tells its name."""
        block = event.get("content_block") or {}
        if block.get("type") != "tool_use":
            return [self._chunk({"content": block["text"]})] if block.get("text") else []
        self._calls += 1
        function = {"name": block.get("name", ""), "arguments": ""}
        call = {"index": self._calls, "id": block.get("id", ""), "type": "function", "function": function}
        return [self._chunk({"tool_calls": [call]})]

    def more(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A block goes on."""
        delta = event.get("delta") or {}
        if delta.get("type") == "text_delta":
            return [self._chunk({"content": delta.get("text", "")})]
        if delta.get("type") == "thinking_delta":
            return [self._chunk({"reasoning_content": delta.get("thinking", "")})]
        if delta.get("type") == "input_json_delta":
            arguments = {"arguments": delta.get("partial_json", "")}
            return [self._chunk({"tool_calls": [{"index": self._calls, "function": arguments}]})]
        return []

    def ends(self, event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The message ends, and says why and what it used."""
        self._usage |= event.get("usage") or {}
        reason = (event.get("delta") or {}).get("stop_reason")
        if not reason:
            return []
        told = self._chunk({}, _finish(reason))
        return [told, self._chunk({}) | {"choices": [], "usage": _usage(self._usage)}]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {
            "id": self._id, "object": "chat.completion.chunk", "created": self._created, "model": self._model,
            "choices": [choice],
        }  # fmt: skip


READERS = {
    "message_start": Events.begins,
    "content_block_start": Events.block,
    "content_block_delta": Events.more,
    "message_delta": Events.ends,
}


def _call(block: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": block.get("name", ""), "arguments": json.dumps(block.get("input") or {})}
    return {"id": block.get("id", ""), "type": "function", "function": function}


def _finish(reason: Any) -> str | None:
    return FINISH.get(reason, "stop") if reason else None


def _usage(counted: Mapping[str, Any]) -> dict[str, Any]:
    """What was read from a cache, and what was written to one, was read as well."""
    cached = counted.get("cache_read_input_tokens") or 0
    read = (counted.get("input_tokens") or 0) + cached + (counted.get("cache_creation_input_tokens") or 0)
    written = counted.get("output_tokens") or 0
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
