"""Rate limits as Render's manual lists them, with its headers; windows are fixed and by the double's clock."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PER_SERVICE = re.compile(r"/services/[^/]+(/deploys|/resume|/suspend)?")
CREATION, CHANGE, OTHER, READING = (20, 3600), (10, 60), (30, 60), (400, 60)


@dataclass
class Limits:
    """`resets` says how Ratelimit-Reset is written: as seconds from now (`delta`) or as a time (`epoch`)."""

    enforced: bool = False
    resets: str = "delta"
    _used: dict[str, int] = field(default_factory=dict)
    _until: dict[str, datetime] = field(default_factory=dict)

    def count(self, method: str, path: str, now: datetime) -> tuple[bool, dict[str, str]]:
        """Count a request; return whether it is one too many, and the headers of its answer."""
        bucket, (most, window_s) = _bucket(method, path)
        if now >= self._until.get(bucket, now):
            self._until[bucket], self._used[bucket] = now + timedelta(seconds=window_s), 0
        self._used[bucket] += 1
        left = self._until[bucket] - now
        reset = self._until[bucket].timestamp() if self.resets == "epoch" else left.total_seconds()
        headers = {
            "Ratelimit-Limit": str(most),
            "Ratelimit-Remaining": str(max(0, most - self._used[bucket])),
            "Ratelimit-Reset": str(int(reset) + 1),
        }
        return self.enforced and self._used[bucket] > most, headers


def _bucket(method: str, path: str) -> tuple[str, tuple[int, int]]:
    if method == "GET":
        return "reading", READING
    if method == "POST" and path == "/services":
        return "creation", CREATION
    if method in {"POST", "PATCH"} and PER_SERVICE.fullmatch(path):
        return "/".join(path.split("/")[:3]), CHANGE
    return "other", OTHER
