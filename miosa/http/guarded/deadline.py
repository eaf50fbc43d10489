"""The time that is left for a whole call."""

import time
from collections.abc import Callable

from miosa.http.guarded.errors import TookTooLong


class Deadline:
    """Starts when it is made; `clock` gives seconds that only grow."""

    def __init__(self, total_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total_s, self._clock = total_s, clock
        self._end_s = clock() + total_s

    def at_most(self, wanted_s: float | None) -> float:
        """Return the seconds that one operation may take. Raises TookTooLong when none are left."""
        left = self._end_s - self._clock()
        if left <= 0:
            raise TookTooLong(f"The call took longer than {self._total_s:g} s in all.")
        return left if wanted_s is None else min(left, wanted_s)
