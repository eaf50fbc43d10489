"""What an app is: a command on files, with variables and a port, and the box that it gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.boxes.contract import BoxSpec
from deployments.hosting.limits import MIB, Limits

APP, HOME = "/app", "/home/user"
OUTPUT_BYTES = 1 << 50  # what is written goes into a ring; how much in all does not matter
LIFETIME_S = 600.0  # pushed on while it is used, so that a box nobody knows of ends by itself
SET_ASIDE_BYTES = 1024 * MIB  # Node sets 600 MiB aside before its first line, and uses a tenth of them


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run: a shell command in a folder, on a port, with variables, within limits."""

    files: Path
    start: str
    port: int
    variables: Mapping[str, str]
    limits: Limits
    deadline_s: float

    def box(self) -> BoxSpec:
        """Return the box for it."""
        memory = self.limits.memory_mb * MIB
        return BoxSpec(
            memory_bytes=memory,
            data_bytes=max(memory, SET_ASIDE_BYTES),
            processors=self.limits.processors,
            processes=self.limits.processes,
            disk_bytes=min(self.limits.disk_bytes, memory // 2),
            output_bytes=OUTPUT_BYTES,
            environment={
                "PYTHONUNBUFFERED": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                **self.variables,
                "PORT": str(self.port),
            },
            hosts=self.limits.hosts,
            read_only={self.files: APP},
            home=HOME,
            lifetime_s=LIFETIME_S,
        )
