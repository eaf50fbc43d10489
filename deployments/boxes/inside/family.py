"""Which processes belong to a program: its session and all that descend from it."""

import os
import signal
from collections.abc import Iterator


def family(pid: int) -> set[int]:
    """The process, its session, and all that descend from either."""
    parents = {child: (parent, session) for child, parent, session in _table()}
    found = {pid} | {child for child, (_, session) in parents.items() if session == pid}
    while more := {child for child, (parent, _) in parents.items() if parent in found} - found:
        found |= more
    return found - {1}


def _table() -> Iterator[tuple[int, int, int]]:
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            yield int(name), int(fields[1]), int(fields[3])


def kill(pid: int) -> None:
    """Kill one that may be gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
