"""What of an answer counts while it passes through: whether it is whole, what it used, and what the client gets to see.

Most events of a stream differ from the one before in nothing but the words. Such an event is known by its beginning
and its end, and is passed on unread; every other is parsed.
"""

from typing import Any

import orjson

from routing.front_door.dress import Dress
from routing.messages import BYTES_PER_TOKEN, Usage
from routing.providers.contract import BrokenAnswer, Translator
from routing.providers.wire import chunks_of, error_inside

CONTENT = b'"content":'
NAMED = ("created", "model", "system_fingerprint")
BEGIN, BETWEEN, END = b"data: ", b"\n\ndata: ", b"\n\n"


class Tally:
    """What came so far. `visible` once the client could see a word of it; `called` once a tool was.

    `usage` is as the provider told it.
    """

    __slots__ = ("began", "called", "finish_reason", "kept", "said_bytes", "usage", "visible")

    def __init__(self, *, keeps: bool = False) -> None:
        """`keeps`: the words themselves are wanted afterwards."""
        self.began = self.called = False
        self.finish_reason = ""
        self.usage: Usage | None = None
        self.said_bytes = 0
        self.visible = False
        self.kept: list[str] | None = [] if keeps else None

    def counted(self, input_tokens: int) -> Usage:
        """Return the provider's count, else an estimate from the bytes that came."""
        if self.usage is not None:
            return self.usage
        said = -(-self.said_bytes // BYTES_PER_TOKEN)
        return Usage(input_tokens, int(said), estimated=True)


class Passing:
    """The events of one stream on their way to the client."""

    __slots__ = ("_begin", "_dress", "_end", "_named", "_translator", "tally", "wants_usage")

    def __init__(
        self,
        tally: Tally,
        *,
        wants_usage: bool,
        named: str = "",
        dress: Dress | None = None,
        translator: Translator | None = None,
    ) -> None:
        """`wants_usage`: the client asked for the event that counts the tokens; else it is kept from it.

        `named` replaces the model's name in every event, where the provider's own says nothing. `translator` turns the
        provider's events into the chat wire's, `dress` those into the ones of the wire that the client speaks.
        """
        self.tally, self.wants_usage, self._named = tally, wants_usage, named
        self._dress, self._translator = dress, translator
        self._begin = self._end = b""

    def familiar(self, piece: bytes) -> bool:
        """Whether a piece of a stream is nothing but events that differ from one that was read in their words alone.

        Then it can be passed on as it is.
        """
        return self._known(piece, BEGIN + self._begin, self._end + END) if self._begin else False

    def through(self, events: list[bytes]) -> bytes:
        """Return what the client gets of some events. Raises BrokenAnswer."""
        if self._translator is not None:
            translated = (self._translator.chunks(parsed(event)) for event in events)
            events = [orjson.dumps(chunk) for chunks in translated for chunk in chunks]
        return self.passed(events)

    def passed(self, events: list[bytes]) -> bytes:
        """The same for events that are the chat wire's already."""
        if self._dress is not None:
            return b"".join(passed for event in events if (passed := self.read(event)))
        seen = []
        for event in events:
            if self._begin and self._known(event, self._begin, self._end):
                seen.append(event)
            elif (passed := self.read(event)) is not None:
                seen.append(passed)
        return BEGIN + BETWEEN.join(seen) + END if seen else b""

    def _known(self, data: bytes, begin: bytes, end: bytes) -> bool:
        """Whether some data is words between a known beginning and end, once or again and again; they are counted.

        The words are looked at together: none of them may end the text it stands in.
        """
        if not data.startswith(begin) or not data.endswith(end) or len(data) < len(begin) + len(end):
            return False
        words = data[len(begin) : -len(end)]
        if begin in words:
            words = b"".join(words.split(end + begin))
        if b'"' in words or b"\\" in words:
            return False
        try:
            text = words.decode()
        except UnicodeDecodeError:
            return False  # a letter that is cut between two events is broken; reading them says so
        if not text.isprintable():
            return False
        self.tally.said_bytes += len(words)
        if self.tally.kept is not None:
            self.tally.kept.append(text)
        return True

    def read(self, event: bytes) -> bytes | None:
        """Read an event; return what the client gets of it, None for nothing. Raises BrokenAnswer."""
        document = parsed(event)
        told = self._taken(document, event)
        if self._named:
            document["model"] = self._named
        if self._dress is not None:
            return self._dress.event(document)
        if told and not document.get("choices") and not self.wants_usage:
            return None
        return orjson.dumps(document) if self._named else event

    def _taken(self, document: Any, event: bytes) -> bool:
        """Count what an event says; return whether it tells the usage."""
        tally, told = self.tally, False
        for chunk in chunks_of(document):
            tally.said_bytes += len(chunk.text.encode()) + len(chunk.reasoning.encode())
            if tally.kept is not None and chunk.text:
                tally.kept.append(chunk.text)
            tally.finish_reason = chunk.finish_reason or tally.finish_reason
            told = chunk.usage is not None
            tally.usage = chunk.usage or tally.usage
            if chunk.text and not chunk.finish_reason and not told:
                self._learn(event, chunk.text)
        calls = tool_calls_of(document)
        if calls:
            tally.called = True
            tally.said_bytes += len(orjson.dumps(calls))
        if calls or tally.said_bytes or tally.finish_reason:
            tally.visible = True
        return told

    def _learn(self, event: bytes, text: str) -> None:
        """Remember what stands before and after the words, where they stand in it exactly once."""
        if self._named or self._dress is not None or self._translator is not None:
            return
        words = orjson.dumps(text)
        place = event.find(words)
        if event.count(words) != 1 or not event[:place].rstrip(b" ").endswith(CONTENT):
            return
        self._begin, self._end = event[: place + 1], event[place + len(words) - 1 :]


def read_whole(document: Any, tally: Tally) -> None:
    """Take in a whole answer. Raises BrokenAnswer: an error inside it, or no finish reason."""
    for chunk in chunks_of(document):
        tally.said_bytes += len(chunk.text.encode()) + len(chunk.reasoning.encode())
        tally.finish_reason = chunk.finish_reason or ""
        tally.usage = chunk.usage
        if tally.kept is not None:
            tally.kept.append(chunk.text)
    calls = tool_calls_of(document)
    if calls:
        tally.called = True
        tally.said_bytes += len(orjson.dumps(calls))
    if not tally.finish_reason:
        raise BrokenAnswer("the answer ended without a finish reason")


def parsed(event: bytes) -> Any:
    """Return the JSON of an event or answer. Raises BrokenAnswer, also for bytes that are no UTF-8."""
    try:
        document = orjson.loads(event)
    except ValueError:
        raise BrokenAnswer(f"a malformed chunk: {event[:80].decode('utf-8', 'replace')!r}") from None
    if isinstance(document, dict) and document.get("error"):
        raise error_inside(document["error"])
    return document


def tool_calls_of(document: Any) -> Any:
    """Return the tool calls of the first choice, whole or in pieces; empty where there are none."""
    choices = document.get("choices")
    if not isinstance(choices, list) or not choices:  # what else is wrong with it was said before
        return ()
    turn = choices[0].get("delta") or choices[0].get("message") or {}
    return turn.get("tool_calls") or ()


def as_events(document: dict[str, Any], *, wants_usage: bool) -> list[dict[str, Any]]:
    """Return a whole answer as the events of a stream: for providers that cannot stream what was asked for."""
    head: dict[str, Any] = {"id": document.get("id", ""), "object": "chat.completion.chunk"}
    head |= {name: document[name] for name in NAMED if name in document}
    choice = document["choices"][0]
    calls = [{"index": place, **call} for place, call in enumerate(choice["message"].get("tool_calls") or ())]
    delta = choice["message"] | ({"tool_calls": calls} if calls else {})
    first = {"index": 0, "delta": delta, "finish_reason": None}
    if choice.get("logprobs"):
        first["logprobs"] = choice["logprobs"]
    last = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    events = [head | {"choices": [first]}, head | {"choices": [last]}]
    if wants_usage:
        events.append(head | {"choices": [], "usage": document.get("usage")})
    return events


def framed(document: dict[str, Any]) -> bytes:
    """Return an event as it is sent."""
    return BEGIN + orjson.dumps(document) + END
