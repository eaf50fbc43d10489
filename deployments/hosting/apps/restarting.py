"""When an app that ended is started again, and when it is given up. Pure."""

from collections.abc import Sequence

FIRST_DELAY_S, LONGEST_DELAY_S = 0.5, 10.0
CRASHES, WITHIN_S = 5, 60.0
COOL_DOWN_S = 60.0  # after giving up: from then on a request may try once more


def recent(crashes: Sequence[float], now: float) -> list[float]:
    """Return the crashes that still count."""
    return [at for at in crashes if now - at < WITHIN_S]


def delay_s(crashes: Sequence[float], now: float) -> float | None:
    """Return the seconds to wait before the next start, None to give it up. `crashes` hold the last one."""
    count = len(recent(crashes, now))
    if count >= CRASHES:
        return None
    doubled: float = FIRST_DELAY_S * 2 ** max(count - 1, 0)
    return min(doubled, LONGEST_DELAY_S)
