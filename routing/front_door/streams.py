"""One try at one model that answers in pieces: held back until its first word, then passed on as it comes."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import orjson

from routing.front_door.answers import Passing, Tally, as_events, parsed, read_whole
from routing.front_door.frames import Frames
from routing.front_door.patience import Patience
from routing.front_door.tries import Request
from routing.front_door.upstream import (
    BROKEN,
    MAX_ANSWER_BYTES,
    Response,
    Upstream,
    pause_of,
    unreachable,
    whole,
)
from routing.providers.contract import BrokenAnswer

TAIL_S = 2.0  # after the finish reason: the usage may still come, but nobody waits long for it
LEAST_TAIL_S = 0.05
JSON_START = b"{"


class Stream:
    """`async with` opens it, which returns at the first word; a limit that runs out ends the block with TooSlow.

    `more` gives what came for the client (often nothing), in the order it came, None at the end. All of it raises ProviderFailure.
    """

    def __init__(self, upstream: Upstream, request: Request, passing: Passing) -> None:
        self._upstream, self._request, self._passing = upstream, request, passing
        self._frames, self._stack = Frames(), AsyncExitStack()
        self._first: bytes | None = b""
        self._ended = False
        self._size = 0
        self._response: Response
        self.first_token_ms = 0
        self.pause_s: float | None = None

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.patience = stack.enter_context(Patience(self._request.limits, whole=False))
            self._response = await self._upstream.opened(self._request.sent)
            stack.callback(self._response.close)
            self._passing.tally.began = True  # the provider took the prompt: from here on it may bill
            self.pause_s = pause_of(self._response)
            first = b""
            while not self._passing.tally.visible and (data := await self._read()) is not None:
                first += data
            self._first, self.first_token_ms = first, self.patience.elapsed_ms()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._ended:
            await self._tail(LEAST_TAIL_S)  # the end of the body: the connection can be used again
        await self._stack.__aexit__(kind, error, trace)

    async def more(self) -> bytes | None:
        """Return what came since, as events; None when the answer is whole."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return await self._read()

    async def _read(self) -> bytes | None:
        if self._ended:
            return None
        tally = self._passing.tally
        piece = await (self._tail() if tally.finish_reason else self._piece())
        self._size += len(piece)
        if self._size > MAX_ANSWER_BYTES:
            raise BrokenAnswer(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        if self._size == len(piece) and piece.lstrip()[:1] == JSON_START:
            return await self._whole(piece)
        if self._frames.between and self._passing.familiar(piece):
            self.patience.heard()
            return piece
        return self._taken(piece)

    def _taken(self, piece: bytes) -> bytes:
        frames, passing = self._frames, self._passing
        data = passing.through(frames.feed(piece) if piece else frames.last())
        if not piece:
            frames.end()
        if not piece or frames.done:
            self._ended = True
            if not passing.tally.finish_reason:
                raise BrokenAnswer("the answer ended without a finish reason")
        elif passing.tally.visible:
            self.patience.heard()
        return data

    async def _whole(self, start: bytes) -> bytes:
        """Some servers answer in one piece although a stream was asked for: it is given out as one."""
        raw = start + await whole(self._response, self._request.sent.secret)
        document = self._request.kind.incoming(parsed(raw))
        read_whole(document, Tally())  # says what is wrong with it
        self._ended = True
        return self._passing.passed([orjson.dumps(event) for event in as_events(document, wants_usage=True)])

    async def _piece(self) -> bytes:
        try:
            return await self._response.content.readany()
        except BROKEN as error:
            raise unreachable(error, self._request.sent.secret) from error

    async def _tail(self, seconds: float = TAIL_S) -> bytes:
        """After the finish reason silence or a broken connection is an end, not an error."""
        if self._response.content.at_eof():
            return b""
        try:
            async with asyncio.timeout(seconds):
                return await self._response.content.readany()
        except BROKEN:
            return b""
