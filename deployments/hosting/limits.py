"""How much a site may use: what its plan says, within what the host gives at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024

MOST_FILES = 20_000
LARGEST_FILE_BYTES = 100 * MIB
LONGEST_PATH, LONGEST_NAME, DEEPEST = 1_000, 255, 32
# (when nothing is said, at most)
MEMORY_MB, PROCESSES, DISK_MB = (256, 4_096), (64, 512), (512, 10_240)
PROCESSORS = (1.0, 8.0)
BUILD_S = (300.0, 1_800.0)
KEPT_RELEASES = 5  # of a site: the one that serves, and those to go back to


@dataclass(frozen=True, slots=True)
class Limits:
    """`disk_bytes` holds for all kept releases of a site together, and for what a build or a process writes."""

    memory_mb: int = MEMORY_MB[0]
    processors: float = PROCESSORS[0]
    processes: int = PROCESSES[0]
    disk_bytes: int = DISK_MB[0] * MIB
    build_s: float = BUILD_S[0]
    hosts: tuple[str, ...] = ()


def limits_of(settings: Mapping[str, Any]) -> Limits:
    """Read the limits out of a place's settings; what is missing or no number gets its default."""
    hosts = settings.get("egress_hosts") or ()
    return Limits(
        memory_mb=int(_within(settings.get("memory_mb"), MEMORY_MB)),
        processors=_within(settings.get("processors"), PROCESSORS),
        processes=int(_within(settings.get("processes"), PROCESSES)),
        disk_bytes=int(_within(settings.get("disk_mb"), DISK_MB)) * MIB,
        build_s=_within(settings.get("build_s"), BUILD_S),
        hosts=tuple(str(host) for host in hosts) if isinstance(hosts, list | tuple) else (),
    )


def _within(value: Any, bounds: tuple[float, float]) -> float:
    default, most = bounds
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return default
    return min(float(value), most)
