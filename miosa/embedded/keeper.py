"""Keep one server alive as long as somebody uses it: `python -m miosa.embedded.keeper NAME STATE`.

A user holds a shared lock on `run/NAME.users`. The keeper starts the server, writes `run/NAME.json`, starts the server
again should it die, and waits until it can take that lock alone: then the last user is gone, however it went, and the
keeper stops the server and ends. The server itself dies with its keeper. So nothing outlives its users, no user stops
a server under another, and neither needs to know the others.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

from miosa.embedded import processes
from miosa.embedded.locks import FileLock
from miosa.embedded.server import Server, free_port
from miosa.embedded.servers import SERVERS
from miosa.embedded.state import CannotStart, State, cannot_write

STOP_GRACE_S = 20.0
QUICK_DEATH_S = 5.0
PORTS_TRIED = 3
UNUSED = "nobody uses it any more"
ASKED = "it was asked to stop"
DIED = "it ended and is started again"


@dataclass(frozen=True)
class Record:
    """What users learn of a running server."""

    keeper: int
    server: int
    port: int
    url: str


class Keeper:
    """One server's life."""

    def __init__(self, name: str, state: State) -> None:
        self._name, self._state = name, state
        self._server: Server = SERVERS[name]
        self._events: SimpleQueue[str] = SimpleQueue()
        self._process: subprocess.Popen[bytes] | None = None

    def keep(self) -> None:
        """Run the server until nobody uses it. Raise CannotStart."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: self._events.put(ASKED))
        threading.Thread(target=self._wait_for_last_user, daemon=True).start()
        try:
            self._server.prepare(self._state)
            port = self._start_on_a_free_port()
            while (event := self._events.get()) == DIED:
                self._say(event)
                self._clear_away()
                self._server.prepare(self._state)
                self._start(port)
            self._say(event)
        finally:
            paths(self._state, self._name).record.unlink(missing_ok=True)
            if self._process:
                processes.end(self._process, self._server.stop_signal, grace_s=STOP_GRACE_S)

    def _start_on_a_free_port(self) -> int:
        """Start on last time's port if it is free: between the look and the start somebody may take it."""
        remembered = self._state.run / f"{self._name}.port"
        port = int(remembered.read_text()) if remembered.exists() else 0
        for left in reversed(range(PORTS_TRIED)):
            port = free_port(port)
            remembered.write_text(str(port))
            try:
                self._start(port)
            except CannotStart:
                if not left or free_port(port) == port:
                    raise
            else:
                break
        return port

    def _start(self, port: int) -> None:
        launch = self._server.launch(self._state, port)
        with self._state.log_file(self._name).open("ab") as log:
            started = time.monotonic()
            self._process = process = processes.start(launch, log)
        while not processes.has_ended(process) and not self._server.is_ready(self._state, port):
            if time.monotonic() - started > self._server.start_timeout_s:
                raise self._failure(f"does not answer after {self._server.start_timeout_s:.0f} seconds")
            time.sleep(0.02)  # is_ready is the condition; nobody announces it
        if processes.has_ended(process):
            raise self._failure(f"ended at once with code {process.wait()}")
        self._publish(Record(os.getpid(), process.pid, port, self._server.url(self._state, port)))
        threading.Thread(target=self._wait_for_death, args=(process.pid, started), daemon=True).start()

    def _wait_for_death(self, pid: int, started: float) -> None:
        with contextlib.suppress(ChildProcessError):  # we ended it ourselves
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        if time.monotonic() - started < QUICK_DEATH_S:
            time.sleep(1)  # a server that dies again and again is started once a second
        self._events.put(DIED)

    def _clear_away(self) -> None:
        if self._process:
            processes.kill_session(self._process)

    def _wait_for_last_user(self) -> None:
        FileLock(paths(self._state, self._name).users).wait_to_own()
        self._events.put(UNUSED)

    def _publish(self, record: Record) -> None:
        path = paths(self._state, self._name).record
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(record)))
        draft.replace(path)

    def _failure(self, what: str) -> CannotStart:
        return self._state.failure(self._name, f"{self._server.title} {what}")

    def _say(self, line: str) -> None:
        sys.stderr.write(f"{self._server.title}: {line}\n")
        sys.stderr.flush()


@dataclass(frozen=True)
class Paths:
    """The files by which users and keeper of one server meet."""

    users: Path
    keeper: Path
    record: Path
    error: Path


def paths(state: State, name: str) -> Paths:
    """Return the meeting files of the server `name`."""
    return Paths(*(state.run / f"{name}.{end}" for end in ("users", "keeper", "json", "error")))


def main() -> None:
    """Become the keeper unless there is one; leave the reason behind when the server cannot start."""
    name, state = sys.argv[1], State(Path(sys.argv[2]))
    files = paths(state, name)
    lock = FileLock(files.keeper)
    if not lock.own(timeout_s=1):  # users look whether it is free by taking it for a moment
        return
    try:
        try:
            Keeper(name, state).keep()
        except OSError as error:
            raise cannot_write(Path(error.filename or state.root), error) from error
    except CannotStart as error:
        with contextlib.suppress(OSError):  # on a full disk the user finds that out by itself
            files.error.write_text(str(error))
        sys.exit(str(error))


if __name__ == "__main__":
    main()
