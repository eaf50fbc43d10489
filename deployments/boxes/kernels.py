"""Kernels of a box: programs that speak JSON lines through a channel of their own; see `cells.Kernels`."""

import asyncio
import json
import secrets
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from deployments.boxes.cells import CellCount, CellError, CellEvent, CellOutput, CellResult, Context
from deployments.boxes.contract import Ended
from deployments.boxes.errors import BoxAnswer, BoxRefused, BoxTimeout, NotFound
from deployments.boxes.programs import Listener, Program
from deployments.boxes.spec import NO_VARIABLES
from deployments.boxes.walls import AGENT_INSIDE, PACKAGE

MOST_LINE = 32 * 1024 * 1024  # one result, as JSON
STOP_S = 2.0  # from the interrupt of a cell to the end of its kernel
BOOT = f"import sys; sys.path.append({AGENT_INSIDE!r}); from {PACKAGE}.kernel import main; main()"
Launch = Callable[..., Awaitable[Program]]


class Kernel:
    """One running kernel; `busy` is held while a cell runs.

    A kernel hears interrupts from the moment it tells the cell's count (`begun`); an earlier one waits for that.
    """

    def __init__(self, context: Context, program: Program) -> None:
        self.context, self.program = context, program
        self.events: Listener = program.listen()
        self.busy = asyncio.Lock()
        self.line = bytearray()
        self.begun = True
        self.interrupted_early = False

    async def interrupt(self) -> None:
        """As Ctrl-C does; nothing where no cell runs. NotFound."""
        if self.begun:
            await self.program.signal(signal.SIGINT)
        else:
            self.interrupted_early = True

    async def begin(self) -> None:
        """Note that the cell told its count. NotFound."""
        self.begun = True
        if self.interrupted_early:
            await self.interrupt()


class BoxKernels:
    """See the contract. `launch` starts a program in the box."""

    def __init__(self, launch: Launch, python: str) -> None:
        self._launch, self._python = launch, python
        self._kernels: dict[str, Kernel] = {}
        self._defaults: dict[str, str] = {}
        self._making = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()  # the loop itself keeps tasks weakly

    async def create(self, language: str = "python", *, cwd: str = "") -> Context:
        """See the contract."""
        return (await self._start(secrets.token_hex(16), language, cwd)).context

    def list(self) -> Sequence[Context]:
        """See the contract."""
        return [kernel.context for kernel in self._kernels.values()]

    def default(self, language: str = "python") -> Context | None:
        """See the contract."""
        kernel = self._kernels.get(self._defaults.get(language, ""))
        return kernel.context if kernel else None

    async def execute(
        self,
        code: str,
        *,
        context: str = "",
        language: str = "python",
        environment: Mapping[str, str] = NO_VARIABLES,
        timeout_s: float | None = None,
    ) -> AsyncGenerator[CellEvent, None]:
        """See the contract."""
        kernel = self._found(context) if context else await self._default(language)
        await kernel.busy.acquire()
        done = kernel.begun = kernel.interrupted_early = False
        try:
            line = json.dumps({"code": code, "environment": dict(environment)}).encode() + b"\n"
            await kernel.program.write(line, to="channel")
            deadline = None if timeout_s is None else time.monotonic() + timeout_s
            async for event in _until_done(kernel, deadline):
                yield event
            done = True
        except TimeoutError as error:
            raise BoxTimeout(f"The cell took longer than {timeout_s:g} s.") from error
        except NotFound:
            done = True
            yield await self._died(kernel)
        finally:
            if done:
                kernel.busy.release()
            else:
                await self._stop_alone(kernel)

    async def interrupt(self, context: str) -> None:
        """See the contract."""
        await self._found(context).interrupt()

    async def restart(self, context: str) -> None:
        """See the contract."""
        old = self._found(context).context
        await self.remove(context)
        await self._start(old.id, old.language, old.cwd)

    async def remove(self, context: str) -> None:
        """See the contract."""
        kernel = self._found(context)
        del self._kernels[context]
        await _kill(kernel)

    async def _default(self, language: str) -> Kernel:
        async with self._making:
            kernel = self._kernels.get(self._defaults.get(language, ""))
            if kernel is None or kernel.program.ended is not None:
                kernel = await self._start(secrets.token_hex(16), language, "")
                self._defaults[language] = kernel.context.id
            return kernel

    async def _start(self, name: str, language: str, cwd: str) -> Kernel:
        if language != "python":
            raise BoxRefused(f"There is no kernel for {language!r} here: use python, or run a command.")
        argv = [self._python, "-X", "utf8", "-c", BOOT]
        program = await self._launch(argv, cwd=cwd, environment={}, stdin=False, channel=True)
        kernel = Kernel(Context(name, language, program.info.cwd), program)
        self._kernels[name] = kernel
        return kernel

    def _found(self, context: str) -> Kernel:
        if context not in self._kernels:
            raise NotFound("There is no such context in the box.")
        return self._kernels[context]

    async def _stop_alone(self, kernel: Kernel) -> None:
        """Stop in a task of its own: whoever is cancelled twice leaves, and the next cell waits all the same."""
        stopping = asyncio.create_task(self._stop(kernel))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)
        stopping.add_done_callback(lambda _: kernel.busy.release())
        await asyncio.shield(stopping)

    async def _stop(self, kernel: Kernel) -> None:
        """Interrupt a cell nobody waits for any more; its kernel is replaced if it does not listen."""
        try:
            await kernel.interrupt()
            async for _ in _until_done(kernel, time.monotonic() + STOP_S):
                pass
        except TimeoutError:
            await self.restart(kernel.context.id)
        except BoxAnswer:
            await self._died(kernel)

    async def _died(self, kernel: Kernel) -> CellError:
        """Replace a kernel that ended in the middle of a cell."""
        if self._kernels.get(kernel.context.id) is kernel:
            await self.restart(kernel.context.id)
        return CellError("KernelDied", "The kernel ended and was started anew; its variables are gone.", "")


async def _until_done(kernel: Kernel, deadline: float | None) -> AsyncGenerator[CellEvent, None]:
    """Yield events of the cell. Raise TimeoutError, or NotFound when the kernel ended."""
    while True:
        left = None if deadline is None else deadline - time.monotonic()
        try:
            async with asyncio.timeout(left):
                event = await anext(kernel.events)
        except StopAsyncIteration:
            raise NotFound("The kernel ended.") from None
        if isinstance(event, Ended):
            raise NotFound("The kernel ended.")
        if event.stream != "channel":
            yield CellOutput(event.stream, event.data.decode(errors="replace"), time.time_ns())
            continue
        kernel.line += event.data
        while (end := kernel.line.find(b"\n")) >= 0:
            told = _read(bytes(kernel.line[:end]))
            del kernel.line[: end + 1]
            if told is None:
                return
            yield await _noted(kernel, told)
        if len(kernel.line) > MOST_LINE:
            await _kill(kernel)
            raise NotFound("The kernel said too much at once.")


async def _noted(kernel: Kernel, told: CellEvent) -> CellEvent:
    if isinstance(told, CellCount):
        await kernel.begin()
    return told


async def _kill(kernel: Kernel) -> None:
    try:
        await kernel.program.signal(signal.SIGKILL)
    except NotFound:
        return
    finally:
        await kernel.events.aclose()


def _read(line: bytes) -> CellEvent | None:
    """One thing a kernel tells; None for the end of the cell. What makes no sense is told as an error."""
    try:
        told = json.loads(line)
        return _READERS[told["type"]](told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return CellError("KernelError", "The kernel said something that makes no sense.", "")


_READERS: dict[str, Callable[[dict[str, Any]], CellEvent | None]] = {
    "done": lambda _: None,
    "number_of_executions": lambda told: CellCount(int(told["execution_count"])),
    "result": lambda told: CellResult(dict(told["formats"]), is_main_result=bool(told["main"])),
    "error": lambda told: CellError(str(told["name"]), str(told["value"]), str(told["traceback"])),
}
