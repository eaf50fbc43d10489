"""The host's end of the line to a box's agent, which is not believed: every frame is checked, nonsense ends the box."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from deployments.boxes.errors import (
    AlreadyThere,
    BoxAnswer,
    BoxGone,
    BoxUnavailable,
    DiskFull,
    Ending,
    NotAllowed,
    NotFound,
    WrongKind,
)
from deployments.boxes.inside.frames import BadFrame, FrameReader, frame

T = TypeVar("T")
Heard = Callable[[dict[str, Any], bytes], None]
Check = Callable[[Any, bytes], T]

ANSWERS: dict[str, type[BoxAnswer]] = {
    "missing": NotFound,
    "there": AlreadyThere,
    "kind": WrongKind,
    "denied": NotAllowed,
    "full": DiskFull,
}
MOST_SAID = 300  # characters of the agent's own words that are repeated


def nothing(value: Any, data: bytes) -> None:
    """Check of an answer that says only that it was done."""
    if value is not None or data:
        raise BadFrame("An answer says more than was asked.")


class Conversation(asyncio.Protocol):
    """Asks, and hears answers and events.

    `lost` is called when it can go on no more: with what was wrong, or None when the line was closed.
    """

    def __init__(self) -> None:
        self.lost: Callable[[str | None], None] = self._lost_early
        self._reader = FrameReader()
        self._transport: asyncio.Transport | None = None
        self._asked: dict[int, asyncio.Future[tuple[Any, bytes]]] = {}
        self._listeners: dict[int, Heard] = {}
        self._retired: set[int] = set()
        self._last = 0
        self.ending: Ending | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def ask(self, what: str, check: Check[T], data: bytes = b"", **details: Any) -> T:
        """Ask the agent to do something and return what `check` makes of its answer.

        Raise BoxAnswer when it says no, BoxGone when the box ended meanwhile or the answer is nonsense.
        """
        number = self._number()
        answer: asyncio.Future[tuple[Any, bytes]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._send({"do": what, "id": number, **details}, data)
            value, content = await answer
        finally:
            if self._asked.pop(number, None) and answer.cancelled():
                self._retired.add(number)  # its answer will still come
        try:
            return check(value, content)
        except BadFrame as error:
            self.fail(str(error))
            raise self._gone() from error

    def tell(self, what: str, **details: Any) -> None:
        """Tell the agent something that has no answer."""
        if self.ending is None:
            self._send({"do": what, **details}, b"")

    def handle(self, heard: Heard) -> int:
        """Return a new handle, whose events are given to `heard`."""
        number = self._number()
        self._listeners[number] = heard
        return number

    def drop(self, handle: int) -> None:
        """No event of this handle is of interest any more."""
        self._listeners.pop(handle, None)

    def fail(self, why: str) -> None:
        """The agent cannot be believed or is gone."""
        if self.ending is None:
            self.lost(why)

    def end(self, ending: Ending) -> None:
        """Nothing goes on: whoever waits is told."""
        self.ending = ending
        if self._transport:
            self._transport.abort()
        waiting, self._asked = self._asked, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(BoxGone(ending))
        if not self.ready.done():
            self.ready.set_result(None)
        listeners, self._listeners = self._listeners, {}
        for heard in listeners.values():
            heard({"event": "gone"}, b"")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is up (asyncio)."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes of the agent (asyncio)."""
        try:
            for header, content in self._reader.feed(data):
                if self.ending is not None:
                    return
                self._hear(header, content)
        except BadFrame as error:
            self.fail(str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """The agent is gone (asyncio)."""
        if self.ending is None:
            self.lost(None)

    def _lost_early(self, why: str | None) -> None:
        if not self.ready.done():
            self.ready.set_exception(BoxUnavailable(why or "the agent did not start"))

    def _hear(self, header: dict[str, Any], content: bytes) -> None:
        number, handle = header.get("id"), header.get("of")
        if isinstance(number, int):
            self._answered(number, header, content)
        elif isinstance(handle, int):
            if heard := self._listeners.get(handle):
                heard(header, content)
            elif not 0 < handle <= self._last:
                raise BadFrame("An event of nothing that was started.")
        elif header.get("event") == "ready" and not self.ready.done():
            self.ready.set_result(None)
        else:
            raise BadFrame("A frame that answers nothing.")

    def _answered(self, number: int, header: dict[str, Any], content: bytes) -> None:
        answer = self._asked.get(number)
        if answer is None:
            if number not in self._retired:
                raise BadFrame("An answer to nothing that was asked.")
            self._retired.discard(number)
            return
        if answer.done():
            return
        if "no" in header:
            kind, why = header["no"], header.get("why")
            refused = ANSWERS.get(kind, BoxAnswer) if isinstance(kind, str) else BoxAnswer
            answer.set_exception(refused(str(why)[:MOST_SAID]))
        else:
            answer.set_result((header.get("ok"), content))

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _send(self, header: dict[str, Any], data: bytes) -> None:
        if self.ending is not None or self._transport is None:
            raise self._gone()
        self._transport.write(frame(header, data))

    def _gone(self) -> BoxGone:
        return BoxGone(self.ending or Ending("lost"))
