"""Run a few programs side by side: start them, start again what dies, stop them all, leave nothing behind.

One thread starts and watches every child, because the kernel ends a child with the thread that started it. So even
`kill -9` of this process ends the children.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from miosa.embedded import processes
from miosa.embedded.state import CannotStart, State

QUICK_DEATH_S = 5.0  # a child that lives shorter has not really started
QUICK_DEATHS_ALLOWED = 5
WATCH_INTERVAL_S = 0.1
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class Child:
    """A program to keep running.

    `stop_signal` asks it to end, `grace_s` seconds later it is killed; `death_signal` is what it gets when we die.
    """

    name: str
    command: tuple[str, ...]
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL


@dataclass
class _Watched:
    """A child and how it has been doing."""

    child: Child
    process: Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    start_at: float = field(default=0.0)


class Supervisor:
    """The children of one process. Their logs are `log/NAME.log`, their process ids `run/NAME.pid`."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        state: State,
        environ: Mapping[str, str],
        cwd: Path,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._watched = [_Watched(child) for child in children]
        self._state, self._environ, self._cwd, self._say = state, environ, cwd, say
        self._stopping, self._changed = threading.Event(), threading.Event()
        self._failure: CannotStart | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator["Supervisor"]:
        """Keep the children running inside this block; stop them in reverse order at its end."""
        watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            self._stopping.set()
            watcher.join()

    def check(self) -> None:
        """Raise CannotStart once a child was given up."""
        if self._failure:
            raise self._failure

    def wait(self) -> None:
        """Block while the children run; raise CannotStart once one was given up. A signal handler may raise through."""
        self._changed.wait()
        self.check()

    def pids(self) -> dict[str, int]:
        """Return the process ids of the children that run now."""
        return {
            w.child.name: w.process.pid
            for w in self._watched
            if w.process and not processes.has_ended(w.process)
        }

    def _watch(self) -> None:
        try:
            while not self._stopping.is_set():
                for watched in self._watched:
                    self._tend(watched)
                self._stopping.wait(WATCH_INTERVAL_S)
        except CannotStart as failure:
            self._failure = failure
        except OSError as error:
            self._failure = CannotStart(f"A process cannot be started: {error.strerror} ({error.filename}).")
        finally:
            self._changed.set()
            for watched in reversed(self._watched):
                self._stop(watched)

    def _tend(self, watched: _Watched) -> None:
        """Notice a death, and start what is due."""
        if watched.process and processes.has_ended(watched.process):
            self._bury(watched)
        if watched.process is None and time.monotonic() >= watched.start_at:
            self._start(watched)

    def _start(self, watched: _Watched) -> None:
        child = watched.child
        launch = processes.Launch(child.command, self._cwd, self._environ, death_signal=child.death_signal)
        with self._state.log_file(child.name).open("ab") as log:
            watched.process = processes.start(launch, log)
        again = watched.started > 0
        watched.started = time.monotonic()
        self._pid_file(child).write_text(f"{watched.process.pid}\n")
        if again:
            self._say(f"{child.name} runs again (pid {watched.process.pid})")

    def _bury(self, watched: _Watched) -> None:
        """Clear a dead child away with whatever it started, and decide when it may start again."""
        process = watched.process
        if process is None:
            return
        processes.kill_session(process)  # its own children may still hold the port
        watched.process = None
        how = _how(process.returncode)
        quick = time.monotonic() - watched.started < QUICK_DEATH_S
        watched.quick_deaths = watched.quick_deaths + 1 if quick else 0
        if watched.quick_deaths >= QUICK_DEATHS_ALLOWED:
            raise self._given_up(watched.child, how)
        # The first new start comes at once: a child killed by hand has nothing to recover from.
        pause_s = min(LONGEST_PAUSE_S, 0.1 * 2**watched.quick_deaths) if watched.quick_deaths > 1 else 0.0
        watched.start_at = time.monotonic() + pause_s
        self._say(f"{watched.child.name} {how}; it is started again")

    def _given_up(self, child: Child, how: str) -> CannotStart:
        lines = "".join(f"\n  {line}" for line in self._state.last_lines(child.name))
        return CannotStart(
            f"{child.name} ended {QUICK_DEATHS_ALLOWED} times right after its start (it {how}); "
            f"the end of {self._state.log / child.name}.log:{lines}"
        )

    def _stop(self, watched: _Watched) -> None:
        if watched.process:
            processes.end(watched.process, watched.child.stop_signal, grace_s=watched.child.grace_s)
        self._pid_file(watched.child).unlink(missing_ok=True)

    def _pid_file(self, child: Child) -> Path:
        return self._state.run / f"{child.name}.pid"


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
