"""What a box is to be: its limits, what it sees, where it may call; values only, checked when made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from deployments.boxes.errors import BoxRefused

KIB, MIB, GIB = 1024, 1024**2, 1024**3
NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
NO_MOUNTS: Mapping[Path, str] = MappingProxyType({})

HOST = re.compile(r"(?=.{1,255}\Z)(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+\Z")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Where the system's own things are: nothing else may be shown or kept there.
TAKEN = ("/usr", "/bin", "/lib", "/lib64", "/proc", "/dev", "/etc", "/opt/box", "/opt/shelf", "/opt/python")
LEAST_MEMORY = 64 * MIB


@dataclass(frozen=True, slots=True)
class BoxSpec:
    """Limits are of the whole box unless said otherwise.

    `memory_bytes` of all processes, `data_bytes` what one of them may set aside (0: the same), `disk_bytes` of the home folder (kept in memory; /tmp has up to 128 MiB of
    its own). `processors` is a share: 0.5 is half of one. `processes` counts threads. `file_bytes` is the
    largest file, `open_files` is of one process. `output_bytes` of one process: who writes more is stopped.
    `hosts` may be called through the proxy at 127.0.0.1:3128 (`http_proxy` and `https_proxy` are set): exact
    names or `*.example.org`; empty means no network. `read_only` shows folders or files of the host inside:
    {host path: path inside}. `shelf`: packages of Python and Node are there to import, where they are installed.
    `lifetime_s` from opening; the box ends then, whatever runs (see `Box.extend`).
    """

    memory_bytes: int = 512 * MIB
    data_bytes: int = 0
    processors: float = 1.0
    processes: int = 128
    disk_bytes: int = 256 * MIB
    file_bytes: int = 256 * MIB
    open_files: int = 1024
    output_bytes: int = 64 * MIB
    environment: Mapping[str, str] = field(default_factory=lambda: NO_VARIABLES)
    hosts: tuple[str, ...] = ()
    read_only: Mapping[Path, str] = field(default_factory=lambda: NO_MOUNTS)
    shelf: bool = True
    home: str = "/home/user"
    lifetime_s: float = 300.0

    def __post_init__(self) -> None:
        """Raise BoxRefused for what cannot be a box."""
        if self.memory_bytes < LEAST_MEMORY:
            raise BoxRefused(f"A box needs {LEAST_MEMORY // MIB} MiB of memory at least.")
        counts = (self.processes, self.disk_bytes, self.file_bytes, self.open_files, self.output_bytes)
        if min(counts) < 1 or self.processors <= 0 or self.lifetime_s <= 0:
            raise BoxRefused("Every limit of a box is a number above zero.")
        for host in self.hosts:
            if not HOST.match(host):
                raise BoxRefused(f"{host!r} is no host name: write `pypi.org` or `*.example.org`.")
        for place in (self.home, *self.read_only.values()):
            check_place(place)
        check_variables(self.environment)


def check_place(place: str) -> None:
    """Raise BoxRefused unless this is a path inside where something of ours may lie."""
    path = PurePosixPath(place)
    plain = path.is_absolute() and str(path) == place and ".." not in path.parts and place.isprintable()
    if not plain or place in {"/", "/tmp"} or any(path.is_relative_to(taken) for taken in TAKEN):  # noqa: S108
        raise BoxRefused(f"{place!r} is no place for a folder in a box: use one like `/home/user` or `/app`.")


def check_variables(variables: Mapping[str, str]) -> None:
    """Raise BoxRefused unless these can be environment variables."""
    for name, value in variables.items():
        if not VARIABLE.match(name) or "\0" in value:
            raise BoxRefused(
                f"{name!r} cannot be set: use letters, digits and _ in names and no NUL in values."
            )
