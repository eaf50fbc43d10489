"""One app: its box is opened when it is needed, watched while it runs, and closed when nobody asks any more."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from socket import socket

from deployments.boxes.contract import Box, BoxSpec, Ended, Process
from deployments.boxes.errors import BoxError, NotFound
from deployments.hosting.apps.output import follow
from deployments.hosting.apps.plan import APP, LIFETIME_S, Plan
from deployments.hosting.apps.restarting import COOL_DOWN_S, delay_s, recent

# The shelf's programs name a Python that is not there inside; its packages can be run by their names.
PRELUDE = "".join(
    f'{name}() {{ python3 -m {name} "$@"; }}\n' for name in ("gunicorn", "uvicorn", "flask", "pytest")
)
LOOK_S = 0.02
BUSY_AT = 256  # requests at once
TOLD_LINES = 12

Say = Callable[[str, str], None]  # text, stream
OpenBox = Callable[[BoxSpec], Awaitable[Box]]


class AppDown(Exception):  # noqa: N818  (it is what is told)
    """The app does not run; the message says why, with its last lines."""


class App:
    """`failure` is empty, or why it was given up. All methods belong to the host's event loop."""

    def __init__(self, plan: Plan, *, say: Say, open_box: OpenBox) -> None:
        self.plan, self._say, self._open_box = plan, say, open_box
        self.failure = ""
        self.requests = 0
        self.used_at = time.monotonic()
        self.wakes = 0
        self._box: Box | None = None
        self._ready = False
        self._starting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._crashes: list[float] = []
        self._lines: list[str] = []
        self._metered_at: float | None = None
        self._closed = self._ran = False

    def heard_by(self, say: Say) -> None:
        """From now on its output goes elsewhere."""
        self._say = say

    @property
    def is_open(self) -> bool:
        """Whether a box of it is there, so that it uses memory."""
        return self._box is not None

    @property
    def is_unused(self) -> bool:
        """Whether it is up and answers nobody: while it starts, somebody waits for it."""
        return self._ready and not self.requests

    async def up(self) -> None:
        """Return when it listens; start it if it sleeps. Many may wait at once. Raises AppDown."""
        if self._ready:
            return
        if self._closed:
            raise AppDown("It was stopped.")
        if self.failure and self._crashes and time.monotonic() - self._crashes[-1] < COOL_DOWN_S:
            raise AppDown(self.failure)
        if self._starting is None or self._starting.done():
            self.wakes += self._ran
            self._starting = asyncio.create_task(self._start())
        await asyncio.shield(self._starting)

    async def connect(self) -> socket:
        """Return a connection to its port. Raises AppDown."""
        await self.up()
        try:
            assert self._box is not None
            return await self._box.connect(self.plan.port)
        except (BoxError, OSError) as error:
            raise AppDown(f"Port {self.plan.port} does not answer: {error}") from error

    @contextlib.asynccontextmanager
    async def request(self, *, visit: bool = True) -> AsyncIterator[None]:
        """Count a request, so that the app stays up while it lasts; a `visit` keeps it up for a while."""
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1
            if visit:
                self.used_at = time.monotonic()

    async def sleep(self) -> None:
        """Close its box; the next request opens another one."""
        watching, self._watching, self._ready = self._watching, None, False
        if watching:
            watching.cancel()
        await self._close_box()

    async def close(self) -> None:
        """End it for good."""
        self._closed = True
        if self._starting:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self.sleep()

    async def drain(self, within_s: float) -> None:
        """End it when its last request is answered, or when the time is up."""
        until = time.monotonic() + within_s
        while self.requests and time.monotonic() < until:  # noqa: ASYNC110  (it may also be the time that ends it)
            await asyncio.sleep(LOOK_S)
        await self.close()

    def metered_ms(self, now: float) -> int:
        """Return the milliseconds a box was open since this was asked before."""
        before, self._metered_at = self._metered_at, now if self._box else None
        return round((now - before) * 1000) if before is not None else 0

    def stay(self) -> None:
        """Push the end of its box on."""
        if self._box and not self._box.ending:
            self._box.extend(LIFETIME_S)

    async def _start(self) -> None:
        """Open a box, run the command, wait until the port answers. Raises AppDown, and counts it as a crash."""
        self._lines = []
        await self._close_box()
        try:
            self._box = await self._open_box(self.plan.box())
            self._metered_at = self._metered_at or time.monotonic()
            process = await self._box.start(
                ["/bin/sh", "-c", PRELUDE + self.plan.start], cwd=APP, stdin=False, tag="app"
            )
            await self._until_it_listens(self._box, process)
        except BoxError as error:
            await self._failed(str(error))
        except AppDown as down:
            await self._failed(str(down))
        else:
            self._ready, self._ran, self.failure = True, True, ""
            self.used_at = time.monotonic()

    async def _until_it_listens(self, box: Box, process: Process) -> None:
        reading = asyncio.create_task(follow(process, self._heard))
        until = time.monotonic() + self.plan.deadline_s
        while not await self._answers(box):
            if process.ended or box.ending or reading.done():
                ended = await asyncio.wait_for(reading, self.plan.deadline_s)
                raise AppDown(
                    f"The start command ended before port {self.plan.port} was open: {_how(ended, box)}"
                )
            if time.monotonic() > until:
                reading.cancel()
                raise AppDown(
                    f"Nothing listens on port {self.plan.port} after {self.plan.deadline_s:.0f} s: "
                    "let the start command listen on 127.0.0.1 and the port in PORT."
                )
            await asyncio.sleep(LOOK_S)
        self._watching = asyncio.create_task(self._watch(box, reading))

    async def _answers(self, box: Box) -> bool:
        try:
            (await box.connect(self.plan.port)).close()
        except (NotFound, OSError):
            return False
        return True

    async def _watch(self, box: Box, reading: asyncio.Task[Ended | None]) -> None:
        """Start it again when it ends by itself; give up when that happens again and again."""
        ended = await reading
        self._ready = False
        reason = f"It ended: {_how(ended, box)}"
        self._crashes = [*recent(self._crashes, time.monotonic()), time.monotonic()]
        wait_s = delay_s(self._crashes, time.monotonic())
        await self._close_box()
        if wait_s is None:
            self._give_up(reason)
            return
        self._say(f"{reason} It is started again in {wait_s:g} s.", "target")
        await asyncio.sleep(wait_s)
        if not self._closed and (self._starting is None or self._starting.done()):
            self._starting = asyncio.create_task(self._start())
            with contextlib.suppress(AppDown):
                await asyncio.shield(self._starting)

    async def _failed(self, reason: str) -> None:
        """A start that did not succeed. Raises AppDown."""
        await self._close_box()
        self._crashes = [*recent(self._crashes, time.monotonic()), time.monotonic()]
        self._give_up(reason)
        raise AppDown(self.failure)

    def _give_up(self, reason: str) -> None:
        last = "\n".join(self._lines[-TOLD_LINES:])
        self.failure = f"{reason}\n{last}".strip()
        self._say(reason, "target")

    def _heard(self, stream: str, text: str) -> None:
        self._lines = [*self._lines[-TOLD_LINES:], text]
        self._say(text, stream)

    async def _close_box(self) -> None:
        box, self._box = self._box, None
        if box:
            await box.close()


def _how(ended: Ended | None, box: Box) -> str:
    if box.ending and box.ending.reason != "closed":
        return f"its box was closed ({box.ending.reason}). {box.ending.detail}".strip()
    if ended is None:
        return "its box is gone."
    limit = f", stopped by its {ended.error} limit" if ended.error else ""
    return f"exit code {ended.exit_code}{limit}."
