"""The OpenAI chat wire, read with tolerance where it is optional and with none where an answer could be lost."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from routing.messages import Chunk, ToolCall, Usage
from routing.providers.contract import RETRYABLE, BrokenAnswer

MAX_MESSAGE = 300  # characters of a provider's own words that are passed on
REASONING = ("reasoning_content", "reasoning")
CLIENT_ERRORS = range(400, 500)


def as_json(body: bytes) -> Any:
    """The one document of a whole answer. Raises BrokenAnswer."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswer(f"a malformed answer: {body[:80].decode('utf-8', 'replace')!r}") from error


def chunks_of(document: Any) -> Iterator[Chunk]:
    """What one document of a stream, or the one document of a whole answer, adds. Raises BrokenAnswer.

    Only the first choice counts. An `error` inside a 200 is an error.
    """
    if not isinstance(document, dict):
        raise BrokenAnswer("a malformed chunk: not a JSON object")
    if document.get("error"):
        raise error_inside(document["error"])
    choice = _first_choice(document)
    delta = choice.get("delta") or choice.get("message") or {}
    if not isinstance(delta, dict):
        raise BrokenAnswer("a malformed chunk: delta is no object")
    finish = choice.get("finish_reason") or None
    if finish is not None and not isinstance(finish, str):
        raise BrokenAnswer("a malformed chunk: finish_reason is no text")
    yield Chunk(
        text=_text(delta.get("content")),
        reasoning=next((r for r in (delta.get(n) for n in REASONING) if r and isinstance(r, str)), ""),
        calls=_calls(delta.get("tool_calls")),
        finish_reason=finish,
        usage=usage_of(document),
        model=document["model"] if isinstance(document.get("model"), str) else "",
    )


def usage_of(document: Mapping[str, Any]) -> Usage | None:
    """The counts of tokens, from any of the places where servers put them; None where there are none to trust."""
    places = (document, document.get("x_groq"), *_list(document.get("choices"))[:1])
    for place in places:
        usage = place.get("usage") if isinstance(place, dict) else None
        if isinstance(usage, dict):
            counted = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
            if counted[0] is not None and counted[1] is not None:
                return Usage(counted[0], counted[1], cached_tokens=min(_cached(usage), counted[0]))
    return None


def error_message(body: Any) -> str:
    """What an error body says, from the shapes that are in use; '' where it says nothing."""
    if isinstance(body, str):
        return body[:MAX_MESSAGE]
    if isinstance(body, dict):
        return next(
            (m for name in ("error", "message", "detail", "msg") if (m := error_message(body.get(name)))), ""
        )
    if isinstance(body, list):
        return error_message(body[0]) if body else ""
    return ""


def error_inside(error: Any) -> BrokenAnswer:
    code = error.get("code") or error.get("status") if isinstance(error, dict) else None
    status = int(code) if isinstance(code, int) or (isinstance(code, str) and code.isdecimal()) else None
    said = error_message(error) or "no reason given"
    return BrokenAnswer(
        f"an error inside the answer: {said}",
        status=status,
        retryable=status not in CLIENT_ERRORS or status in RETRYABLE,
        trips_breaker=status not in CLIENT_ERRORS,
    )


def _first_choice(document: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = _list(document.get("choices"))
    first = next((c for c in choices if isinstance(c, dict) and c.get("index") in (0, None)), None)
    if choices and not isinstance(choices[0], dict):
        raise BrokenAnswer("a malformed chunk: a choice is no object")
    return first or {}


def _text(content: Any) -> str:
    """A text, none, or a list of parts of which the texts count."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
        )
    raise BrokenAnswer("a malformed chunk: the content is no text")


def _calls(listed: Any) -> tuple[tuple[int, ToolCall], ...]:
    """Pieces of calls of tools with their places; some servers leave out the place, some the id."""
    found = []
    for number, one in enumerate(_list(listed)):
        function = one.get("function") if isinstance(one, dict) else None
        if not isinstance(function, dict):
            raise BrokenAnswer("a malformed chunk: a call of a tool names no function")
        arguments = function.get("arguments") or ""
        said = arguments if isinstance(arguments, str) else json.dumps(arguments)
        place = one["index"] if isinstance(one.get("index"), int) else number
        found.append((place, ToolCall(str(one.get("id") or ""), str(function.get("name") or ""), said)))
    return tuple(found)


def _cached(usage: Mapping[str, Any]) -> int:
    details = usage.get("prompt_tokens_details")
    inner = details.get("cached_tokens") if isinstance(details, dict) else None
    return _count(inner) or _count(usage.get("cached_tokens")) or 0


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
