"""What a scripted server says, and every way of saying it badly."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

UsagePlace = Literal["top", "x_groq", "choice", "nowhere"]
Fault = Literal["", "disconnect", "truncate", "malformed", "stall", "error_inside"]


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds (`math.inf`: until the client goes away)."""

    seconds: float


@dataclass(frozen=True)
class Abort:
    """Reset the connection."""


Step = bytes | Pause | Abort  # after the last step the connection ends in order


@dataclass(frozen=True)
class Reply:
    """One answer. Times in seconds.

    The first group is what is said; the second how long it takes; the third bends the wire; `raw` replaces the
    body altogether. `fault` strikes after `fault_after` pieces of a stream.
    """

    text: str = "ok"
    calls: Sequence[tuple[str, Any]] = ()  # tools that are asked for: name, and arguments or their very text
    reasoning: str = ""
    finish_reason: str | None = "stop"
    model: str | None = None
    usage: Mapping[str, Any] | None = None
    status: int = 200
    error: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    before_s: float = 0.0
    first_token_s: float = 0.0
    gap_s: float = 0.0

    pieces: Sequence[str] | None = None
    usage_at: UsagePlace = "top"
    fault: Fault = ""
    fault_after: int = 1
    line_end: str = "\n"
    empty_lines: bool = True
    space: bool = True
    comments: bool = False
    done: bool = True
    stays_open: bool = False
    role_first: bool = True
    whole_when_streamed: bool = False
    raw: Sequence[Step] | None = None

    @property
    def refuses(self) -> bool:
        """Whether the body is an error and nothing else (also with a status of 200)."""
        return self.status >= HTTPStatus.BAD_REQUEST or (self.error is not None and not self.fault)

    def content_type(self, streamed: bool) -> str:
        is_stream = streamed and not self.whole_when_streamed and not self.refuses
        return "text/event-stream" if is_stream else "application/json"

    def counted(self, prompt: str) -> dict[str, Any]:
        """The usage as a member of a document; empty where none is told."""
        if self.usage_at == "nowhere":
            return {}
        asked, said = max(1, len(prompt) // 4), max(1, len(self.text) // 4)
        usage = self.usage or {
            "prompt_tokens": asked,
            "completion_tokens": said,
            "total_tokens": asked + said,
        }
        return {"x_groq": {"usage": usage}} if self.usage_at == "x_groq" else {"usage": usage}


def steps_of(reply: Reply, *, model: str, streamed: bool, prompt: str) -> Iterator[Step]:
    """What goes over the socket after the headers."""
    if reply.raw is not None:
        yield from reply.raw
    elif reply.refuses:
        error = {"message": "scripted error", "type": "scripted"} if reply.error is None else reply.error
        yield json.dumps({"error": error}).encode()
    elif streamed and not reply.whole_when_streamed:
        yield from _Stream(reply, model, prompt).steps()
    else:
        yield Pause(reply.first_token_s)
        yield json.dumps(_whole(reply, model, prompt)).encode()
    if reply.stays_open:
        yield Pause(math.inf)


def tool_calls(reply: Reply) -> list[dict[str, Any]]:
    """The calls as members of a message."""
    return [
        {
            "index": number,
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": asked if isinstance(asked, str) else json.dumps(asked)},
        }
        for number, (name, asked) in enumerate(reply.calls)
    ]


def finish_of(reply: Reply) -> str | None:
    """How the answer ends: a call of a tool says so, unless the script says otherwise."""
    return "tool_calls" if reply.calls and reply.finish_reason == "stop" else reply.finish_reason


def _whole(reply: Reply, model: str, prompt: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.reasoning:
        message["reasoning_content"] = reply.reasoning
    if reply.calls:
        message["tool_calls"] = tool_calls(reply)
    choice = {"index": 0, "message": message, "finish_reason": finish_of(reply)}
    answer = {"object": "chat.completion", "model": reply.model or model, "choices": [choice]}
    return answer | reply.counted(prompt)


class _Stream:
    def __init__(self, reply: Reply, model: str, prompt: str) -> None:
        self._reply, self._model, self._usage = reply, reply.model or model, reply.counted(prompt)

    def steps(self) -> Iterator[Step]:
        reply = self._reply
        if reply.role_first:
            yield self._event({"role": "assistant", "content": None})
        yield Pause(reply.first_token_s)
        if reply.reasoning:
            yield self._event({"reasoning_content": reply.reasoning})
        for number, piece in enumerate(reply.pieces or words(reply.text)):
            if reply.fault and number == reply.fault_after:
                yield from self._fault()
                return
            yield self._event({"content": piece})
            yield Pause(reply.gap_s)
        for one in tool_calls(reply):
            yield from self._called(one)
        yield from self._end()

    def _called(self, one: dict[str, Any]) -> Iterator[Step]:
        """A call comes in pieces: its name first, then its arguments in two halves."""
        said = one["function"]["arguments"]
        yield self._event({"tool_calls": [{**one, "function": {**one["function"], "arguments": ""}}]})
        for part in (said[: len(said) // 2], said[len(said) // 2 :]):
            yield self._event({"tool_calls": [{"index": one["index"], "function": {"arguments": part}}]})

    def _end(self) -> Iterator[Step]:
        reply = self._reply
        if reply.finish_reason:
            yield self._event({}, finish_of(reply), self._usage if reply.usage_at == "choice" else {})
        if reply.usage_at in {"top", "x_groq"}:
            yield self._framed({"model": self._model, "choices": [], **self._usage})
        if reply.done:
            yield self._framed("[DONE]")

    def _fault(self) -> Iterator[Step]:
        match self._reply.fault:
            case "disconnect":
                yield Abort()
            case "malformed":
                yield self._framed('{"choices": [{"delta": {"content": "half')
                yield self._framed("[DONE]")
            case "stall":
                yield Pause(math.inf)
            case "error_inside":
                overloaded = {"message": "overloaded in the middle", "type": "server_error"}
                yield self._framed({"error": self._reply.error or overloaded})

    def _event(
        self, delta: Mapping[str, Any], finish: str | None = None, in_choice: Mapping[str, Any] | None = None
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, **(in_choice or {})}
        return self._framed({"object": "chat.completion.chunk", "model": self._model, "choices": [choice]})

    def _framed(self, document: Any) -> bytes:
        reply = self._reply
        content = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        comment = f": keep-alive{reply.line_end}" if reply.comments else ""
        after = reply.line_end * (2 if reply.empty_lines else 1)
        return f"{comment}data:{' ' if reply.space else ''}{content}{after}".encode()


def words(text: str) -> list[str]:
    """The pieces of a stream: words, each but the first with the space before it."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]
