"""A live box: what is in it is driven through its agent, its end is ours; see `contract.Box`."""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from socket import socket
from types import TracebackType
from typing import Any, Self

from deployments.boxes import checks, walls
from deployments.boxes.contract import Ending, Files, Kernels, Process, ProcessInfo, TerminalSize, Usage
from deployments.boxes.conversation import nothing
from deployments.boxes.egress import Egress
from deployments.boxes.errors import BoxGone, BoxRefused, NotFound
from deployments.boxes.files import BoxFiles
from deployments.boxes.inside.frames import BadFrame
from deployments.boxes.kernels import BoxKernels
from deployments.boxes.parts import Parts
from deployments.boxes.programs import WINDOW, Program
from deployments.boxes.sockets import BoxSocket, Handed
from deployments.boxes.spec import NO_VARIABLES, check_variables

TERM = "xterm-256color"
LONGEST_PORT = 65_535
LOOK_S = 0.2  # how often a box is looked at from outside
OUT = "out"  # the name of connections that lead out


class LiveBox:
    """Ends once: by us, by its time, by a limit, or because its agent is gone."""

    def __init__(self, parts: Parts, doors: socket) -> None:
        self.id, self.spec = parts.id, parts.spec
        self._shell, self._conversation = parts.shell, parts.conversation
        self._environment = walls.environment(parts.spec, parts.python, shelf=parts.shelf)
        self.files: Files = BoxFiles(parts.conversation, parts.spec.home, parts.user)
        self.kernels: Kernels = BoxKernels(self._launch, parts.python.path)
        self._egress = Egress(parts.spec.hosts)
        self._handed = Handed(doors, self._came, self._conversation.fail)
        self._programs: dict[int, Program] = {}
        self._expected: dict[str, asyncio.Future[BoxSocket]] = {}
        self._doors = itertools.count(1)
        self._overseen = 0
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._burial: asyncio.Task[None] | None = None
        self._clock = self._loop.call_later(parts.spec.lifetime_s, self._time_is_up)
        self._overseer = self._loop.create_task(self._oversee())

    @property
    def ending(self) -> Ending | None:
        """See the contract."""
        return self._conversation.ending

    async def ended(self) -> Ending:
        """See the contract."""
        await self._over.wait()
        assert self.ending is not None
        return self.ending

    async def close(self) -> None:
        """See the contract."""
        self.end(Ending("closed"))
        if self._burial:
            await asyncio.shield(self._burial)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def extend(self, lifetime_s: float) -> None:
        """See the contract."""
        if self.ending is None:
            self._clock.cancel()
            self._clock = self._loop.call_later(lifetime_s, self._time_is_up)

    async def usage(self) -> Usage:
        """See the contract."""
        disk = await self._disk()
        meter = self._shell.meter
        return Usage(
            cpu_s=meter.cpu_s(),
            memory_bytes=meter.memory_bytes(),
            processes=len(meter.members()),
            disk_bytes=checks.whole(disk.get("used")),
            disk_total_bytes=checks.whole(disk.get("total")),
            peak_memory_bytes=meter.peak_bytes(),
            egress_bytes=self._egress.transferred,
            hosts_refused=tuple(sorted(self._egress.refused)),
        )

    async def start(
        self,
        argv: Sequence[str],
        *,
        cwd: str = "",
        environment: Mapping[str, str] = NO_VARIABLES,
        stdin: bool = True,
        tag: str = "",
        terminal: TerminalSize | None = None,
    ) -> Program:
        """See the contract."""
        shape = (
            {"terminal": [terminal.columns, terminal.rows], "stdin": True} if terminal else {"stdin": stdin}
        )
        variables = {"TERM": TERM, **environment} if terminal else environment
        program = await self._launch(argv, cwd=cwd, environment=variables, tag=tag, **shape)
        self._programs[program.handle] = program
        program.when_ended = partial(self._forget, program.handle)
        if program.ended is not None:
            program.when_ended()
        return program

    def _forget(self, handle: int) -> None:
        self._programs.pop(handle, None)

    def processes(self) -> Sequence[Process]:
        """See the contract."""
        return list(self._programs.values())

    def process(self, *, pid: int | None = None, tag: str | None = None) -> Process:
        """See the contract."""
        self._refuse_when_gone()
        for program in self._programs.values():
            if program.info.pid == pid or (tag and program.info.tag == tag):
                return program
        raise NotFound("No such process runs in the box.")

    async def connect(self, port: int) -> socket:
        """See the contract."""
        if not 0 < port <= LONGEST_PORT:
            raise BoxRefused(f"{port} is no port.")
        name = str(next(self._doors))
        expected: asyncio.Future[BoxSocket] = self._loop.create_future()
        self._expected[name] = expected
        try:
            await self._conversation.ask("connect", nothing, port=port, door=name)
            return await expected
        finally:
            self._expected.pop(name, None)
            if expected.cancelled() or not expected.done():
                expected.cancel()

    async def prepare(self) -> None:
        """Set the limits; nothing of the user's runs before."""
        await self._conversation.ask("limits", nothing, limits=walls.limits(self.spec))
        if self.spec.hosts:
            await self._conversation.ask("listen", nothing, port=walls.PROXY_PORT)

    def end(self, ending: Ending) -> None:
        """End it now; only the first reason counts."""
        if self.ending is not None:
            return
        self._clock.cancel()
        self._overseer.cancel()
        self._handed.close()
        self._egress.close()
        self._shell.kill()
        self._conversation.end(ending)
        for expected in self._expected.values():
            if not expected.done():
                expected.set_exception(BoxGone(ending))
        self._burial = self._loop.create_task(self._shell.bury())
        self._over.set()

    def lost(self, why: str | None) -> None:
        """The agent lies, or is gone."""
        if why is not None:
            self.end(Ending("lost", why))
        elif self._kills():
            self.end(Ending("memory", "Its memory was used up."))
        else:
            self.end(Ending("killed", "Its agent was stopped."))

    async def _launch(
        self,
        argv: Sequence[str],
        *,
        cwd: str = "",
        environment: Mapping[str, str],
        tag: str = "",
        **shape: Any,
    ) -> Program:
        self._refuse_when_gone()
        check_variables(environment)
        if not argv or not all(argv[:1]) or any("\0" in part for part in argv):
            raise BoxRefused("A program needs a name, and no argument has a NUL in it.")
        folder = cwd if cwd.startswith("/") else f"{self.spec.home}/{cwd}".rstrip("/")
        program = Program(self._conversation, self.spec.output_bytes, self._explainer())
        asked = {
            "argv": list(argv),
            "cwd": folder,
            "environment": self._environment | dict(environment),
            "open_files": self.spec.open_files,
            "credit": WINDOW,
            "of": program.handle,
        }
        try:
            pid = await self._conversation.ask("start", checks.pid, b"", **asked, **shape)
        except BadFrame as error:
            raise BoxRefused("The arguments or variables of the program are too long.") from error
        except BaseException:
            self._conversation.tell("signal", of=program.handle, number=9)
            self._conversation.drop(program.handle)
            raise
        program.info = ProcessInfo(pid, tuple(argv), folder, dict(environment), tag, "terminal" in shape)
        return program

    def _explainer(self) -> Callable[[int], str]:
        before = self._kills()
        return lambda _: "memory" if self._kills() > before else ""

    def _kills(self) -> int:
        return self._shell.meter.kills() + self._overseen

    def _came(self, name: str, end: BoxSocket) -> None:
        if name == OUT and self.spec.hosts:
            self._egress.serve(end)
        elif (expected := self._expected.get(name)) and not expected.done():
            expected.set_result(end)
        else:
            end.close()

    async def _oversee(self) -> None:
        """Where one program takes more than the box may, the largest is stopped, as the kernel would."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._overseen += self._shell.stop_largest_above(self.spec.memory_bytes)

    async def _disk(self) -> dict[str, Any]:
        return await self._conversation.ask("disk", checks.answer, paths=list(walls.disk_bytes(self.spec)))

    def _time_is_up(self) -> None:
        self.end(Ending("time", "Its lifetime was over."))

    def _refuse_when_gone(self) -> None:
        if self.ending is not None:
            raise BoxGone(self.ending)
