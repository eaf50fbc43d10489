"""An answer of the chat wire as one of the Responses wire: whole, or event by event."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

KEPT = ("instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "temperature", "tool_choice", "tools",
        "top_p", "text", "reasoning", "truncation", "user")  # fmt: skip
USUAL: Mapping[str, Any] = {
    "metadata": {}, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "text": {"format": {"type": "text"}},
    "truncation": "disabled",
}  # fmt: skip


@dataclass
class ResponsesDress:
    """The Responses wire for one call. `asked` is the request as it came."""

    decision_id: UUID
    asked: Mapping[str, Any]
    created: float = field(default_factory=time.time)
    _number: int = 0
    _text: list[str] = field(default_factory=list)
    _calls: dict[int, dict[str, Any]] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _usage: Any = None
    _model: str = ""
    _finish: str = ""
    _begun: bool = False

    def whole(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the response that a chat completion is."""
        choice = document["choices"][0]
        turn = choice["message"]
        self._model, self._usage, self._finish = (
            document.get("model", ""),
            document.get("usage"),
            choice["finish_reason"],
        )
        if turn.get("content"):
            self._text.append(turn["content"])
            self._order.append("text")
        for place, call in enumerate(turn.get("tool_calls") or ()):
            self._calls[place] = _item(call, "completed", self._id("fc", place))
            self._order.append(str(place))
        told = self._response(self._status(), self._output("completed"))
        return told | ({"miosa": document["miosa"]} if "miosa" in document else {})

    def event(self, document: dict[str, Any]) -> bytes:
        """Return the events that a chunk becomes."""
        self._model = document.get("model") or self._model
        self._usage = document.get("usage") or self._usage
        said = [] if self._begun else self._beginning()
        for choice in document.get("choices") or ():
            delta = choice.get("delta") or {}
            if delta.get("content"):
                said += self._words(delta["content"])
            for call in delta.get("tool_calls") or ():
                said += self._arguments(call)
            self._finish = choice.get("finish_reason") or self._finish
        return b"".join(said)

    def last(self, member: dict[str, Any] | None) -> bytes:
        """Return the events that close what is open, and the whole response."""
        said = []
        for place, name in enumerate(self._order):
            item = self._items("completed")[place]
            if name == "text":
                said += self._text_is_over(place, item)
            else:
                told = {"item_id": item["id"], "output_index": place, "arguments": item["arguments"]}
                said.append(self._say("response.function_call_arguments.done", told))
            said.append(self._say("response.output_item.done", {"output_index": place, "item": item}))
        status = self._status()
        response = self._response(status, self._output("completed")) | ({"miosa": member} if member else {})
        said.append(self._say(f"response.{status}", {"response": response}))
        return b"".join(said)

    def broken(self, error: dict[str, Any]) -> bytes:
        """Return the event that says that the answer is not whole."""
        failure = {"code": error["code"] or "server_error", "message": error["message"]}
        response = self._response("failed", self._output("incomplete")) | {"error": failure}
        return self._say("response.failed", {"response": response})

    def _beginning(self) -> list[bytes]:
        self._begun = True
        response = self._response("in_progress", [])
        return [
            self._say(name, {"response": response}) for name in ("response.created", "response.in_progress")
        ]

    def _words(self, words: str) -> list[bytes]:
        said = []
        if "text" not in self._order:
            self._order.append("text")
            place = len(self._order) - 1
            item = {
                "id": self._id("msg"),
                "type": "message",
                "role": "assistant",
                "status": "in_progress",
                "content": [],
            }
            said.append(self._say("response.output_item.added", {"output_index": place, "item": item}))
            part = {"type": "output_text", "text": "", "annotations": []}
            said.append(self._say("response.content_part.added", self._where(place) | {"part": part}))
        self._text.append(words)
        told = self._where(self._order.index("text")) | {"delta": words, "logprobs": []}
        return [*said, self._say("response.output_text.delta", told)]

    def _text_is_over(self, place: int, item: dict[str, Any]) -> list[bytes]:
        part, where = item["content"][0], self._where(place)
        return [
            self._say("response.output_text.done", where | {"text": part["text"], "logprobs": []}),
            self._say("response.content_part.done", where | {"part": part}),
        ]

    def _arguments(self, call: dict[str, Any]) -> list[bytes]:
        number, said = call.get("index", 0), []
        if number not in self._calls:
            self._order.append(str(number))
            item = self._calls[number] = _item(call, "in_progress", self._id("fc", number)) | {
                "arguments": ""
            }
            told = {"output_index": len(self._order) - 1, "item": dict(item)}
            said.append(self._say("response.output_item.added", told))
        item = self._calls[number]
        if more := (call.get("function") or {}).get("arguments"):
            item["arguments"] += more
            told = {"item_id": item["id"], "output_index": self._order.index(str(number)), "delta": more}
            said.append(self._say("response.function_call_arguments.delta", told))
        return said

    def _where(self, place: int) -> dict[str, Any]:
        return {"item_id": self._id("msg"), "output_index": place, "content_index": 0}

    def _output(self, status: str) -> list[dict[str, Any]]:
        return self._items(status)

    def _items(self, status: str) -> list[dict[str, Any]]:
        return [
            self._message(status) if name == "text" else self._calls[int(name)] | {"status": status}
            for name in self._order
        ]

    def _message(self, status: str) -> dict[str, Any]:
        part = {"type": "output_text", "text": "".join(self._text), "annotations": [], "logprobs": []}
        return {
            "id": self._id("msg"),
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": [part],
        }

    def _status(self) -> str:
        return "incomplete" if self._finish in {"length", "content_filter"} else "completed"

    def _response(self, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
        why = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(self._finish)
        asked = {name: self.asked.get(name, USUAL.get(name)) for name in KEPT}
        return asked | {
            "id": self._id("resp"),
            "object": "response",
            "created_at": int(self.created),
            "status": status,
            "error": None,
            "incomplete_details": {"reason": why} if status == "incomplete" else None,
            "model": self._model,
            "output": output,
            "previous_response_id": None,
            "store": False,
            "usage": _usage(self._usage),
        }

    def _id(self, kind: str, number: int | None = None) -> str:
        return f"{kind}_{self.decision_id.hex}" + ("" if number is None else f"_{number}")

    def _say(self, name: str, told: dict[str, Any]) -> bytes:
        event = {"type": name, "sequence_number": self._number, **told}
        self._number += 1
        return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(event))


def _item(call: Mapping[str, Any], status: str, item_id: str) -> dict[str, Any]:
    function = call.get("function") or {}
    return {
        "id": item_id,
        "type": "function_call",
        "call_id": call.get("id") or item_id,
        "name": function.get("name", ""),
        "arguments": function.get("arguments", ""),
        "status": status,
    }


def _usage(counted: Any) -> dict[str, Any] | None:
    if not isinstance(counted, dict):
        return None
    read, written = counted.get("prompt_tokens", 0), counted.get("completion_tokens", 0)
    details = counted.get("prompt_tokens_details") or {}
    thought = counted.get("completion_tokens_details") or {}
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": details.get("cached_tokens") or 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": thought.get("reasoning_tokens") or 0},
        "total_tokens": read + written,
    }
