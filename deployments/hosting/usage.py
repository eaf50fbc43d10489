"""What sites use, counted until somebody has written it down: seconds run, bytes sent, seconds built.

A batch is what came together when it was asked for. It is told again, unchanged, until it is acknowledged: whoever
reads it may be killed at any time, and counts it once by the batch's name. A kill of the host itself loses the
seconds since the last save.
"""

import json
import secrets
from collections import defaultdict
from pathlib import Path
from typing import Any

from deployments.hosting import atomic

Key = tuple[str, str]  # tenant, service
NUMBERS = ("build_ms", "running_ms", "mb_ms", "egress_bytes", "wakes")


class Usage:
    """Counters of all sites in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = json.loads(path.read_text()) if path.exists() else {"counters": [], "batch": None}
        self._batch: dict[str, Any] | None = kept["batch"]
        self._counters: defaultdict[Key, dict[str, int]] = defaultdict(lambda: dict.fromkeys(NUMBERS, 0))
        for tenant_id, service_id, numbers in kept["counters"]:
            self._counters[tenant_id, service_id].update(numbers)
        self._changed = False

    def add(self, key: Key, **numbers: int) -> None:
        """Count for a service."""
        counter = self._counters[key]
        for name, number in numbers.items():
            counter[name] += number
        self._changed = True

    def save(self) -> None:
        """Keep the counters, if there is anything new."""
        if self._changed:
            counters = [[*key, numbers] for key, numbers in self._counters.items()]
            atomic.write_json(self._path, {"counters": counters, "batch": self._batch})
            self._changed = False

    def batch(self) -> dict[str, Any]:
        """Return the batch that waits to be acknowledged, made now if there is none; no services, nothing to do."""
        if self._batch is None and self._counters:
            services = [
                _told(key, numbers) for key, numbers in self._counters.items() if any(numbers.values())
            ]
            self._batch = {"batch": secrets.token_hex(16), "services": services} if services else None
            self._counters.clear()
            self._changed = True
            self.save()
        return self._batch or {"batch": "", "services": []}

    def acknowledge(self, batch: str) -> bool:
        """Forget a batch; say whether it was the one that waited."""
        if self._batch is None or self._batch["batch"] != batch:
            return False
        self._batch = None
        self._changed = True
        self.save()
        return True


def _told(key: Key, numbers: dict[str, int]) -> dict[str, Any]:
    """`running_s` is of boxes that were open, `memory_mb` their mean size."""
    running_ms = numbers["running_ms"]
    return {
        "tenant_id": key[0],
        "service_id": key[1],
        "build_ms": numbers["build_ms"],
        "running_s": round(running_ms / 1000, 3),
        "memory_mb": round(numbers["mb_ms"] / running_ms) if running_ms else 0,
        "egress_bytes": numbers["egress_bytes"],
        "wakes": numbers["wakes"],
    }
