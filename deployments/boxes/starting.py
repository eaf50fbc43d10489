"""Starts bubblewrap with the agent in it: sockets, descriptors, control groups, nothing of our environment."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deployments.boxes import walls
from deployments.boxes.cgroups import open_cgroup
from deployments.boxes.errors import BoxUnavailable
from deployments.boxes.identities import take_user
from deployments.boxes.interpreter import Interpreter, interpreter
from deployments.boxes.meters import Meter, Watched
from deployments.boxes.shelf import shelf
from deployments.boxes.shell import Shell
from deployments.boxes.spec import BoxSpec
from deployments.boxes.syscall_filter import syscall_filter

TOLD_BYTES = 4096
MISSING = (
    "bubblewrap is not installed here; install it (Debian: `apt-get install bubblewrap`) to execute code."
)
NO_PYTHON = "There is no Python here that a box could run; install python3 to execute code."
NO_FILTER = (
    "There is no system call filter for this kind of processor; open boxes as an ordinary user, not as root."
)
# Writes its own number into each of $1 files and becomes the rest: nothing of the box is ever outside its groups.
JOIN = 'n=$1; shift; while [ "$n" -gt 0 ]; do echo $$ >"$1" || exit 96; shift; n=$((n-1)); done; exec "$@"'


@dataclass(frozen=True, slots=True)
class Means:
    """What this machine has for boxes."""

    bwrap: str
    python: Interpreter
    shelf: Path | None
    rules: bytes | None
    as_root: bool


@dataclass(frozen=True, slots=True)
class Started:
    """Bubblewrap runs; the agent may be there in a moment."""

    shell: Shell
    line: socket.socket
    doors: socket.socket
    told: int  # where bubblewrap says the number of the first process
    user: int  # inside

    def meet(self) -> None:
        """The agent is there: take its number, by which alone it can be killed for sure."""
        text = os.read(self.told, TOLD_BYTES)
        os.close(self.told)
        pid = int(json.loads(text)["child-pid"])
        self.shell.agent = os.pidfd_open(pid)
        self.shell.meter.began(pid)

    def give_up(self) -> None:
        """The agent did not come."""
        os.close(self.told)
        self.doors.close()
        self.shell.kill()


def means() -> Means:
    """Return them. Raise BoxUnavailable where a wall would be missing."""
    bwrap, python, rules = shutil.which("bwrap"), interpreter(), syscall_filter()
    if not bwrap or not python:
        raise BoxUnavailable(NO_PYTHON if bwrap else MISSING)
    as_root = os.geteuid() == 0
    if as_root and not rules:
        raise BoxUnavailable(NO_FILTER)
    return Means(bwrap, python, shelf(), rules, as_root)


def start(box: str, spec: BoxSpec, means: Means) -> Started:
    """Start a box. Raise BoxUnavailable."""
    user, claim = take_user() if means.as_root else (walls.OUR_USER, None)
    meter: Meter = open_cgroup(box, spec) or Watched()
    line, doors = socket.socketpair(), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    told, tell = os.pipe()
    with contextlib.ExitStack() as stack:
        stack.enter_context(line[1])
        stack.enter_context(doors[1])
        stack.callback(os.close, tell)
        contents = walls.texts(user, spec.home)
        texts = {name: stack.enter_context(memory_file(text.encode())) for name, text in contents.items()}
        guard = [stack.enter_context(memory_file(means.rules))] if means.rules else []
        ends = (line[1].fileno(), doors[1].fileno())
        command = [
            *(means.bwrap, "--info-fd", str(tell)),
            *(part for descriptor in guard for part in ("--seccomp", str(descriptor))),
            *walls.arguments(
                spec,
                walls.Sights(means.python, means.shelf, texts),
                user=user if means.as_root else None,
                handed=ends,
            ),
        ]
        wrap = _started(_joining(command, meter.joining), [tell, *ends, *guard, *texts.values()])
    return Started(Shell(wrap, meter, claim), line[0], doors[0], told, user)


@contextlib.contextmanager
def memory_file(content: bytes) -> Iterator[int]:
    """A file without a name, ready to be read from its start."""
    descriptor = os.memfd_create("box")
    try:
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _joining(command: list[str], files: Iterable[Path]) -> list[str]:
    names = [str(file) for file in files]
    return ["/bin/sh", "-c", JOIN, "sh", str(len(names)), *names, *command] if names else command


def _started(command: list[str], handed: Iterable[int]) -> subprocess.Popen[bytes]:
    """Its environment is empty from the start: /proc/1/environ would show it inside."""
    return subprocess.Popen(  # noqa: S603  (the command is our own)
        command,
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=tuple(handed),
        start_new_session=True,
    )
