"""Workers and beat as the product runs them, started again at once where they die."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

from miosa.environment import ROOT

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
LOOK_S = 0.05


class Crew:
    """Some processes by name; one that ends is started again until the block is left."""

    def __init__(self, environ: Mapping[str, str], log: Path, commands: Mapping[str, list[str]]) -> None:
        self._environ, self._log, self._commands = dict(environ), log, commands
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def pid(self, name: str) -> int:
        """Which process it is now."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """Kill -9 a process and all it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running[name].pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        for name in self._commands:
            self._start(name)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watcher.join()
        for name, process in self._running.items():
            self.kill(name)
            process.wait()

    def _start(self, name: str) -> None:
        with self._log.open("ab") as output:
            self._running[name] = subprocess.Popen(
                self._commands[name], cwd=ROOT, env=self._environ, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            for name, process in list(self._running.items()):
                if process.poll() is not None:
                    self._start(name)


@contextlib.contextmanager
def crew(environ: Mapping[str, str], folder: Path, *, workers: int = 2) -> Iterator[Crew]:
    """Run workers and beat."""
    celery = [sys.executable, "-m", "celery", "-A", "miosa.celery"]
    commands = {
        f"worker{number}": [*celery, "worker", "-P", "threads", "-c", "4", "-n", f"w{number}@bench", *QUIET]
        for number in range(workers)
    }
    commands["beat"] = [*celery, "beat", "--schedule", str(folder / "beat"), "--pidfile=", "-l", "WARNING"]
    with Crew(environ, folder / "crew.log", commands) as made:
        yield made


@contextlib.contextmanager
def plain_worker(environ: Mapping[str, str], folder: Path) -> Iterator[None]:
    """Run a worker of plain tasks with as many threads."""
    celery = [sys.executable, "-m", "celery", "-A", "benchmarks.durable.plain"]
    command = [*celery, "worker", "-P", "threads", "-c", "8", "-n", "plain@bench", *QUIET]
    with Crew(environ, folder / "plain.log", {"plain": command}):
        yield
