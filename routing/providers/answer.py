"""One answer while it arrives: what has come, what it may cost, and whether it is whole."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx

from routing.messages import Chunk, Completion, Prompt, ToolCall, Usage, estimate_tokens
from routing.overheard import overheard
from routing.providers.contract import BrokenAnswer, TooSlow, Translator
from routing.providers.patience import Watch, watching
from routing.providers.sse import documents
from routing.providers.wire import as_json, chunks_of
from routing.rates import pause_s

ReadAs = tuple[Callable[[Any], Any], Translator | None]
MAX_BYTES = 32_000_000
JSON_START = b"{"


class Answer:
    """Gathers the chunks of one response; `usage` and `completion` may be asked for at any time."""

    def __init__(
        self,
        prompt: Prompt,
        watch: Watch,
        *,
        streamed: bool,
        read_as: ReadAs = (lambda document: document, None),
    ) -> None:
        """`read_as` turns a whole answer, and each event of a stream, into the chat wire."""
        self._whole_as, self._translator = read_as
        self._prompt, self.watch, self.streamed = prompt, watch, streamed
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, ToolCall] = {}
        self._counted: Usage | None = None
        self._first_token_ms: int | None = None
        self._pause_s: float | None = None
        self._finish_reason: str | None = None
        self._model = ""
        self._began = self._events = False

    def read(self, response: httpx.Response) -> Iterator[Chunk]:
        """Yield the chunks that have text or reasoning. Raises BrokenAnswer unless a finish reason came."""
        self._began = True  # the provider took the prompt: from here on it may bill
        self._pause_s = pause_s(response.headers)
        overheard("")
        for document in self._documents(response):
            for part in (
                self._translator.chunks(document) if self._translator and self._events else [document]
            ):
                for chunk in chunks_of(part):
                    if self._add(chunk):
                        yield chunk
        if self._finish_reason is None:
            raise BrokenAnswer("the answer ended without a finish reason")

    def billable(self) -> Usage | None:
        """What the provider may bill for what has come; None while it has not even taken the prompt."""
        return self.usage() if self._began else None

    def usage(self) -> Usage:
        """As the provider counted, else estimated from the texts."""
        if self._counted:
            return self._counted
        called = "".join(call.name + call.arguments for call in self._calls.values())
        said = sum(map(estimate_tokens, ("".join(self._text), "".join(self._reasoning), called)))
        return Usage(self._prompt.input_tokens, said, estimated=True)

    def last_chunk(self) -> Chunk:
        """The end of a stream: finish reason and usage."""
        return Chunk(finish_reason=self._finish_reason, usage=self.usage(), model=self._model)

    def completion(self) -> Completion:
        """The whole answer."""
        return Completion(
            text="".join(self._text),
            finish_reason=self._finish_reason or "",
            usage=self.usage(),
            model=self._model,
            reasoning="".join(self._reasoning),
            calls=self._whole_calls(),
            latency_ms=self.watch.elapsed_ms(),
            first_token_ms=self._first_token_ms,
            pause_s=self._pause_s,
        )

    def _whole_calls(self) -> tuple[ToolCall, ...]:
        calls = (self._calls[place] for place in sorted(self._calls))
        return tuple(replace(call, id=call.id or f"call_{number}") for number, call in enumerate(calls))

    def _add(self, chunk: Chunk) -> bool:
        visible = bool(chunk.text or chunk.reasoning or chunk.calls)
        for place, piece in chunk.calls:
            before = self._calls.get(place, ToolCall("", "", ""))
            self._calls[place] = ToolCall(
                before.id or piece.id, before.name + piece.name, before.arguments + piece.arguments
            )
        if visible and self.streamed and self._first_token_ms is None:
            self._first_token_ms = self.watch.elapsed_ms()
        self._text.append(chunk.text)
        if chunk.text:
            overheard(chunk.text)
        self._reasoning.append(chunk.reasoning)
        self._counted = chunk.usage or self._counted
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._model = chunk.model or self._model
        if self._finish_reason:
            self.watch.finishing()
        elif self.streamed and (visible or self._first_token_ms is not None):
            self.watch.heard()
        return visible

    def _documents(self, response: httpx.Response) -> Iterator[Any]:
        """The documents of a stream, or the one of a whole answer: servers send either, whatever was asked for."""
        pieces = self._pieces(response)
        start = b""
        for piece in pieces:
            start += piece
            if start.strip():
                break
        if start.lstrip().startswith(JSON_START):
            yield self._whole_as(as_json(start + b"".join(pieces)))
            return
        self._events = True

        def all_pieces() -> Iterator[bytes]:
            yield start
            yield from pieces

        yield from documents(all_pieces())

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        """Bytes as they come. After the finish reason silence or a broken connection is an end, not an error."""
        raw, size = response.iter_bytes(), 0
        while True:
            try:
                with watching(self.watch):
                    piece = next(raw, None)
            except (TooSlow, httpx.TransportError):
                if self._finish_reason is None:
                    raise
                return
            if piece is None:
                return
            size += len(piece)
            if size > MAX_BYTES:
                raise BrokenAnswer(f"an answer of more than {MAX_BYTES} bytes")
            yield piece
