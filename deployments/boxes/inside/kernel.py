"""A kernel for Python: runs cells that come as JSON lines, keeps their variables, tells what they show."""

import ast
import asyncio
import inspect
import json
import linecache
import os
import signal
import sys
import traceback
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from . import display, magics

CHANNEL = 3
OURS = os.path.dirname(os.path.abspath(__file__))
TOP_LEVEL_AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Kernel:
    """One context: its namespace, its loop, its count."""

    def __init__(self) -> None:
        os.set_inheritable(CHANNEL, False)
        self._asks = os.fdopen(CHANNEL, "rb", closefd=False)
        self._count = 0
        self._telling = self._interrupted = False
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        module = types.ModuleType("__main__")
        module.__dict__["__builtins__"] = __builtins__
        module.__dict__[magics.SHELL] = magics.shell
        self._space = module.__dict__
        sys.modules["__main__"] = module

    def serve(self) -> None:
        """Run cells until nobody asks any more."""
        display.install(self._space, self.tell)
        for line in self._asks:
            asked = json.loads(line)
            try:
                with _variables(asked.get("environment") or {}):
                    self._run(asked["code"])
            finally:
                signal.signal(signal.SIGINT, signal.SIG_IGN)  # what comes late is not for the next cell
                self._interrupted = False
                self.tell({"type": "done"})

    def tell(self, what: dict[str, Any]) -> None:
        """Say one thing; what was printed before it comes before it."""
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                continue
        data = memoryview(json.dumps(what).encode() + b"\n")
        self._telling = True
        while data:
            data = data[os.write(CHANNEL, data) :]
        self._telling = False
        if self._interrupted:
            self._on_interrupt()

    def _on_interrupt(self, *_: object) -> None:
        """End the cell as Ctrl-C does, but never in the middle of a line: half a line would spoil the next."""
        self._interrupted = self._telling
        if not self._telling:
            raise KeyboardInterrupt

    def _run(self, code: str) -> None:
        self._count += 1
        name = f"Cell In[{self._count}]"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        try:
            signal.signal(signal.SIGINT, self._on_interrupt)  # before the count: who has it may interrupt
            self.tell({"type": "number_of_executions", "execution_count": self._count})
            shown, value = self._evaluate(code, name)
            if shown and value is not None:
                self._space["_"] = value
                self.tell({"type": "result", "main": True, "formats": display.formats(value)})
            display.show_figures()
        except BaseException as error:  # noqa: BLE001  (whatever a cell raises is its answer)
            self._failed(error)

    def _evaluate(self, code: str, name: str) -> tuple[bool, Any]:
        """Run the statements; whether the last was an expression, and its value."""
        tree = ast.parse(magics.plain(code), name)
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        if tree.body:
            self._execute(compile(tree, name, "exec", TOP_LEVEL_AWAIT, dont_inherit=True))
        if not isinstance(last, ast.Expr):
            return False, None
        value = self._execute(
            compile(ast.Expression(last.value), name, "eval", TOP_LEVEL_AWAIT, dont_inherit=True)
        )
        return not code.rstrip().endswith(";"), value

    def _execute(self, compiled: types.CodeType) -> Any:
        if not compiled.co_flags & inspect.CO_COROUTINE:
            return eval(compiled, self._space)  # noqa: S307  (this is what a kernel is for)
        task = self._loop.create_task(types.FunctionType(compiled, self._space)())
        try:
            return self._loop.run_until_complete(task)
        except KeyboardInterrupt:
            task.cancel()
            self._loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            raise

    def _failed(self, error: BaseException) -> None:
        told = traceback.TracebackException.from_exception(error)
        _without_ours(told)
        lines = "".join(told.format())
        self.tell({"type": "error", "name": type(error).__name__, "value": str(error), "traceback": lines})


def _without_ours(told: traceback.TracebackException) -> None:
    """Whoever wrote the cell did not write the kernel."""
    waiting: list[traceback.TracebackException | None] = [told]
    seen = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.stack[:] = [frame for frame in one.stack if not frame.filename.startswith(OURS)]
        waiting += [one.__cause__, one.__context__]


@contextmanager
def _variables(given: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def main() -> None:
    """Begin: the cells see their folder first, and nothing of ours."""
    sys.path[:] = ["", *(one for one in sys.path if one not in {"", os.path.dirname(OURS)})]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.argv = [""]
    Kernel().serve()
