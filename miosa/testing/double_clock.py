"""The double's own time: it stands still until it is moved, and may be far from ours."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """`skew_s` is how far Render's clock is ahead of ours; `speed` lets it run by itself (1 is real time)."""

    def __init__(self, *, skew_s: float = 0.0, speed: float = 0.0) -> None:
        self._began = datetime.now(UTC)
        self._lead = timedelta(seconds=skew_s)
        self._speed = speed
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the time there."""
        return self._began + self._lead + (datetime.now(UTC) - self._began) * self._speed

    def advance(self, seconds: float) -> None:
        """Let time pass there."""
        with self._lock:
            self._lead += timedelta(seconds=seconds)


def written(at: datetime) -> str:
    """Return a time as Render writes it."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
