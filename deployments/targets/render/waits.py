"""How long to wait for Render: its headers are a floor, without them it is an exponential with jitter; pure."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

FIRST_S = 0.25
LONGEST_BACKOFF_S = 8.0
PATIENCE_S = 30.0  # all waiting of one call together; beyond it the caller comes back later
LONGEST_FLOOR_S = 3_600.0  # Render's longest window is an hour
EPOCH_FROM = 100_000_000.0  # a reset above is a time, below it is seconds from now (both are seen)


def server_time(headers: Mapping[str, str]) -> float | None:
    """Return Render's own clock in seconds since the epoch; ours may differ by any amount."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError, TypeError):
        return None


def floor_s(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the least seconds to wait that the headers ask for; `now` is Render's time where it said one."""
    there = server_time(headers)
    asked = (
        _seconds(headers.get("retry-after", ""), now=now if there is None else there),
        _seconds(headers.get("ratelimit-reset", ""), now=now if there is None else there),
    )
    known = [seconds for seconds in asked if seconds is not None]
    return min(max(known), LONGEST_FLOOR_S) if known else None


def backoff_s(attempt: int, *, chance: float) -> float:
    """Return the wait after the try `attempt` (from 0); `chance` is a number from 0 to 1."""
    return min(FIRST_S * 2.0**attempt, LONGEST_BACKOFF_S) * (0.5 + chance / 2)


def _seconds(text: str, *, now: float) -> float | None:
    """Read seconds, a time in seconds since the epoch, or an HTTP date."""
    try:
        number = float(text)
    except ValueError:
        there = server_time({"date": text})
        return None if there is None else max(0.0, there - now)
    if not 0 <= number < float("inf"):
        return None
    return max(0.0, number - now) if number > EPOCH_FROM else number
