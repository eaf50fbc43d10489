"""Control groups for boxes, of both versions; folders that a dead server left are removed when the first is made."""

import asyncio
import contextlib
import os
from functools import cache
from pathlib import Path

from deployments.boxes.meters import Watched, kill
from deployments.boxes.spec import BoxSpec
from deployments.boxes.walls import disk_bytes

MOUNT = Path("/sys/fs/cgroup")
PREFIX = "miosa-box-"
PERIOD_US, LEAST_QUOTA_US = 100_000, 1_000
OPENERS = 2  # the shell and bubblewrap stand in the box's count until it is open
TRIES, WAIT_S = 200, 0.01
NAMES_1 = ("memory", "pids", "cpu", "cpuacct")


class Cgroup(Watched):
    """One box's folders: a single one (version 2), or one for each controller (version 1)."""

    def __init__(self, folders: dict[str, Path]) -> None:
        super().__init__()
        self._folders = folders
        self._two = set(folders) == {"unified"}
        self._memory = folders["unified" if self._two else "memory"]
        self._pids = folders["unified" if self._two else "pids"]

    @property
    def joining(self) -> tuple[Path, ...]:  # type: ignore[override]
        """See Meter."""
        return tuple(folder / "cgroup.procs" for folder in self._folders.values())

    def members(self) -> list[int]:
        """See Meter."""
        with contextlib.suppress(OSError):
            return [int(line) for line in (self._pids / "cgroup.procs").read_text().split()]
        return []

    def memory_bytes(self) -> int:
        """See Meter."""
        return _field(self._memory / "memory.stat", "anon" if self._two else "total_rss")

    def peak_bytes(self) -> int:
        """With its files."""
        return _number(self._memory / ("memory.peak" if self._two else "memory.max_usage_in_bytes"))

    def cpu_s(self) -> float:
        """See Meter."""
        if self._two:
            return _field(self._memory / "cpu.stat", "usage_usec") / 1e6
        folder = self._folders.get("cpuacct")
        return _number(folder / "cpuacct.usage") / 1e9 if folder else super().cpu_s()

    def kills(self) -> int:
        """See Meter."""
        return _field(self._memory / ("memory.events" if self._two else "memory.oom_control"), "oom_kill")

    async def close(self) -> None:
        """See Meter."""
        for folder in self._folders.values():
            for _ in range(TRIES):
                kill(self.members())
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:  # busy until its last process is gone
                    await asyncio.sleep(WAIT_S)


def open_cgroup(box: str, spec: BoxSpec) -> Cgroup | None:
    """Make the folders of a new box; None where this process may not, or the controllers are not there."""
    places = bases()
    if not places:
        return None
    remove_leftovers()
    made = {name: base / f"{PREFIX}{_owner()}-{box}" for name, base in places.items()}
    try:
        for folder in made.values():
            folder.mkdir()
        for name, folder in made.items():
            for file, value in _limits(name, spec).items():
                (folder / file).write_text(str(value))
    except OSError:
        for folder in made.values():
            with contextlib.suppress(OSError):
                folder.rmdir()
        return None
    return Cgroup(made)


@cache
def bases(mount: Path = MOUNT) -> dict[str, Path]:
    """The folders below which ours are made, by controller; empty where there are none for us."""
    own = _own_paths()
    for folder in (_below(mount, own.get("", "/")), mount):
        if _delegated(folder):
            return {"unified": folder}
    one = {name: _below(mount / name, own.get(name, "/")) for name in NAMES_1 if (mount / name).is_dir()}
    usable = {name: folder for name, folder in one.items() if os.access(folder, os.W_OK)}
    return usable if {"memory", "pids"} <= set(usable) else {}


@cache
def remove_leftovers() -> None:
    """Once in a process: what servers left that are no more."""
    for base in bases().values():
        for folder in base.glob(f"{PREFIX}*"):
            if not _lives(folder.name.removeprefix(PREFIX)):
                with contextlib.suppress(OSError, ValueError):
                    kill(int(line) for line in (folder / "cgroup.procs").read_text().split())
                    folder.rmdir()


def started(pid: int) -> str:
    """When a process started, in ticks since boot: with its number, this names it for good."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


def _limits(controller: str, spec: BoxSpec) -> dict[str, object]:
    # Files of the box lie in memory and are counted with it, so that a full disk kills nobody.
    memory = spec.memory_bytes + sum(disk_bytes(spec).values())
    quota = max(LEAST_QUOTA_US, round(spec.processors * PERIOD_US))
    pids = spec.processes + OPENERS
    files: dict[str, dict[str, object]] = {
        "unified": {"memory.max": memory, "pids.max": pids, "cpu.max": f"{quota} {PERIOD_US}"},
        "memory": {"memory.limit_in_bytes": memory},
        "pids": {"pids.max": pids},
        "cpu": {"cpu.cfs_period_us": PERIOD_US, "cpu.cfs_quota_us": quota},
        "cpuacct": {},
    }
    return files[controller]


def _delegated(folder: Path) -> bool:
    """Whether groups below get the controllers of version 2, asking for them where that may help."""
    wanted = {"memory", "pids", "cpu"}
    file = folder / "cgroup.subtree_control"
    try:
        if not wanted <= set(file.read_text().split()):
            file.write_text(" ".join(f"+{name}" for name in sorted(wanted)))
        return wanted <= set(file.read_text().split()) and os.access(folder, os.W_OK)
    except OSError:
        return False


def _below(mount: Path, own: str) -> Path:
    """Our own group where it can be seen, so that a limit above us holds for boxes too."""
    folder = mount / own.lstrip("/")
    return folder if folder.is_dir() and ".." not in folder.parts else mount


def _own_paths() -> dict[str, str]:
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    return {
        name: path for line in lines for names, path in [line.split(":", 2)[1:]] for name in names.split(",")
    }


@cache
def _owner() -> str:
    return f"{os.getpid()}-{started(os.getpid())}"


def _lives(name: str) -> bool:
    pid, _, rest = name.partition("-")
    return pid.isdigit() and bool(rest) and started(int(pid)) == rest.partition("-")[0]


def _number(file: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        return int(file.read_text())
    return 0


def _field(file: Path, name: str) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return next(int(line.split()[1]) for line in file.read_text().splitlines() if line.split()[0] == name)
    return 0
