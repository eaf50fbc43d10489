"""A machine of our own for one test: a state folder, and other processes that use its servers."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from miosa.embedded import services
from miosa.embedded.keeper import Record, paths
from miosa.embedded.processes import is_alive, until
from miosa.embedded.state import State
from miosa.environment import ROOT, Environment, read

# Another process that uses servers: it says what it got, and leaves when its input ends.
USER = """
import dataclasses, json, sys
from miosa.embedded.services import ensure
from miosa.environment import read
state, *need = sys.argv[1:]
environment = ensure(read({"MIOSA_STATE": state}), need=need)
print(json.dumps([environment.database_url, environment.redis_url]), flush=True)
sys.stdin.read()
"""


class BareMachine:
    """A fresh state folder that every account may walk to."""

    def __init__(self) -> None:
        # Not pytest's tmp_path: its parent is closed to the account PostgreSQL runs as.
        self.root = Path(tempfile.mkdtemp(prefix="miosa-test-"))
        self.root.chmod(0o711)
        self.state = State(self.root / "state")
        self._users: list[subprocess.Popen[str]] = []

    def environment(self, **variables: str) -> Environment:
        """Return the environment of a process here."""
        return read({"MIOSA_STATE": str(self.state.root)} | variables)

    def user(self, *need: str) -> subprocess.Popen[str]:
        """Start another process that uses the servers in `need`."""
        user = subprocess.Popen(
            [sys.executable, "-c", USER, str(self.state.root), *need],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._users.append(user)
        return user

    def record(self, name: str) -> Record:
        """Return what the keeper of a running server wrote."""
        return Record(**json.loads(paths(self.state, name).record.read_text()))

    def is_recorded(self, name: str) -> bool:
        """Say whether a server runs here."""
        return paths(self.state, name).record.exists()

    def close(self) -> None:
        """End the other processes and remove the folder."""
        for user in self._users:
            user.kill()
            user.communicate()
        until(lambda: not processes_of(self.root), timeout_s=20)
        shutil.rmtree(self.root)


@contextlib.contextmanager
def bare_machine() -> Iterator[BareMachine]:
    """Yield a fresh machine; what this process uses there is given up at the end, what it used before is not."""
    before = dict(services._uses)
    services._uses.clear()
    machine = BareMachine()
    try:
        yield machine
    finally:
        services.release()
        services._uses.update(before)
        machine.close()


def answer(user: subprocess.Popen[str]) -> list[str]:
    """Return what another process got; fail with what it said when it got nothing."""
    assert user.stdout
    line = user.stdout.readline()
    assert line, user.communicate()[1]
    urls: list[str] = json.loads(line)
    return urls


def processes_of(folder: Path) -> list[int]:
    """Return the living processes that name `folder` on their command line or work below it, this one excepted."""
    return [
        pid for pid in map(int, _numbers()) if pid != os.getpid() and is_alive(pid) and _names(pid, folder)
    ]


def _numbers() -> list[str]:
    return [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _names(pid: int, folder: Path) -> bool:
    place: Any = Path(f"/proc/{pid}")
    try:
        return (
            str(folder).encode() in (place / "cmdline").read_bytes()
            or folder in (place / "cwd").readlink().parents
        )
    except OSError:
        return False
