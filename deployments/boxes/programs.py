"""A program in a box, seen from outside: its events to any number of listeners, each at its own pace."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Callable
from typing import Any, Self
from weakref import WeakSet

from deployments.boxes import checks
from deployments.boxes.contract import Ended, Output, ProcessInfo, TerminalSize
from deployments.boxes.conversation import Conversation, nothing
from deployments.boxes.errors import BoxGone, Ending
from deployments.boxes.inside.frames import MOST_BYTES, BadFrame

WINDOW = 256 * 1024  # what may lie unread of one program
STREAMS = frozenset({"stdout", "stderr", "channel"})
Event = Output | Ended


class Listener:
    """One reader of a program's events; see `Stream`."""

    def __init__(self, program: "Program", waiting: deque[Event], position: int) -> None:
        self._program, self._waiting = program, waiting
        self.position = position  # bytes of the program's output that this reader has taken, or missed
        self._some = asyncio.Event()
        self._left = False
        if waiting:
            self._some.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        """Return the next event; StopAsyncIteration after Ended, BoxGone when the box ended before."""
        while not self._waiting:
            self._program.refuse_when_gone()
            if self._left or self._program.ended is not None:
                await self.aclose()
                raise StopAsyncIteration
            self._some.clear()
            await self._some.wait()
        event = self._waiting.popleft()
        if isinstance(event, Output):
            self.position += len(event.data)
            self._program.taken()
        return event

    def add(self, event: Event) -> None:
        """One more to read."""
        self._waiting.append(event)
        self._some.set()

    def wake(self) -> None:
        """Look again: something ended."""
        self._some.set()

    async def aclose(self) -> None:
        """Read no more."""
        self.leave()

    def leave(self) -> None:
        """Read no more, at once."""
        if not self._left:
            self._left = True
            self._waiting.clear()
            self._some.set()
            self._program.leave(self)

    def __del__(self) -> None:
        """A reader that was forgotten must not hold its program back."""
        if not self._left:
            self._left = True
            self._program.leave(self)


class Program:
    """See `contract.Process`; `explain` tells why a process was killed, if not by us."""

    def __init__(self, conversation: Conversation, output_bytes: int, explain: Callable[[int], str]) -> None:
        self._conversation, self._output_bytes, self._explain = conversation, output_bytes, explain
        self.info = ProcessInfo(0, (), "", {})
        self.ended: Ended | None = None
        self.handle = conversation.handle(self._hear)
        self.when_ended: Callable[[], None] = lambda: None
        self._early: deque[Event] | None = deque()  # until somebody listens
        self._listeners: WeakSet[Listener] = WeakSet()
        self._received = self._acknowledged = 0
        self._flooded = self._killed = False
        self._gone: Ending | None = None
        self._over = asyncio.Event()

    def listen(self) -> Listener:
        """See the contract."""
        self.refuse_when_gone()
        early, self._early = self._early, None
        last: deque[Output | Ended] = deque([self.ended] if self.ended else [])
        waiting = early if early is not None else last
        position = self._acknowledged if early is not None else self._received
        listener = Listener(self, waiting, position)
        self._listeners.add(listener)
        return listener

    async def wait(self) -> Ended:
        """See the contract."""
        self._early = None
        self.taken()
        await self._over.wait()
        self.refuse_when_gone()
        assert self.ended is not None
        return self.ended

    async def write(self, data: bytes, *, to: str = "stdin") -> None:
        """See the contract."""
        for start in range(0, len(data), MOST_BYTES):
            piece = data[start : start + MOST_BYTES]
            await self._conversation.ask("write", nothing, piece, of=self.handle, to=to)

    async def close_stdin(self) -> None:
        """See the contract."""
        await self._conversation.ask("close_input", nothing, of=self.handle)

    async def signal(self, number: int) -> None:
        """See the contract."""
        self._killed = self._killed or number == signal.SIGKILL
        await self._conversation.ask("signal", nothing, of=self.handle, number=number)

    async def resize(self, size: TerminalSize) -> None:
        """See the contract."""
        await self._conversation.ask("resize", nothing, of=self.handle, columns=size.columns, rows=size.rows)

    def refuse_when_gone(self) -> None:
        """Raise BoxGone when the box ended before the program."""
        if self._gone is not None and self.ended is None:
            raise BoxGone(self._gone)

    def taken(self) -> None:
        """Tell the agent how much was read by all, once it is worth telling."""
        if self._early is not None:
            return
        slowest = min((one.position for one in self._listeners), default=self._received)
        if self.ended is None and slowest - self._acknowledged >= WINDOW // 4:
            self._conversation.tell("credit", of=self.handle, bytes=slowest - self._acknowledged)
            self._acknowledged = slowest

    def leave(self, listener: Listener) -> None:
        """Forget a reader who is gone."""
        self._listeners.discard(listener)
        self.taken()

    def _hear(self, header: dict[str, Any], data: bytes) -> None:
        event = header.get("event")
        if event in STREAMS:
            self._said(str(event), data)
        elif event == "ended":
            self._finish(_ended(checks.whole(header.get("status"))))
        elif event == "gone":
            self._gone = self._conversation.ending
            self._end()
        else:
            raise BadFrame("A program does what no program does.")

    def _said(self, stream: str, data: bytes) -> None:
        self._received += len(data)
        if self._received - self._acknowledged > WINDOW:
            raise BadFrame("A program says more than it was allowed.")
        if self._received > self._output_bytes:
            if not self._flooded:
                self._flooded = True
                self._conversation.tell("signal", of=self.handle, number=int(signal.SIGKILL))
            for one in self._listeners:  # nobody needs to read the rest
                one.position += len(data)
            self.taken()
            return
        self._pass_on(Output(stream, data))
        self.taken()

    def _finish(self, ended: Ended) -> None:
        if self._flooded:
            ended = Ended(ended.exit_code, ended.signal, "output")
        elif ended.signal == signal.SIGKILL and not self._killed:
            ended = Ended(ended.exit_code, ended.signal, self._explain(self.info.pid))
        self.ended = ended
        self._conversation.drop(self.handle)
        self._pass_on(ended)
        self._end()

    def _end(self) -> None:
        self._over.set()
        for one in self._listeners:
            one.wake()
        self.when_ended()

    def _pass_on(self, event: Event) -> None:
        if self._early is not None:
            self._early.append(event)
        for one in self._listeners:
            one.add(event)


def _ended(status: int) -> Ended:
    """From what wait() gives."""
    if os.WIFSIGNALED(status):
        return Ended(128 + os.WTERMSIG(status), os.WTERMSIG(status))
    return Ended(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
