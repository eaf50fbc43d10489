"""Faults on demand: what goes wrong with the next requests of a kind."""

import re
import threading
from dataclasses import dataclass, field

# before: nothing was done; after: it was done and the answer is lost or wrong
KINDS = (
    "status",
    "status_after",
    "drop",
    "drop_after",
    "hang",
    "hang_after",
    "nonsense_after",
    "queued",
    "vanish",
)


@dataclass
class Fault:
    """`path` is a regular expression over the path without /v1; it strikes `times` requests after `skip` of them.

    `queued`: a deploy is taken with 202 and waits. `vanish`: the service of the path is deleted first.
    """

    kind: str
    method: str = ""
    path: str = ""
    status: int = 500
    times: int = 1
    skip: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def fits(self, method: str, path: str) -> bool:
        """Whether it strikes a request."""
        return self.method in {"", method} and re.search(self.path, path) is not None


class Faults:
    """The faults that are to come, in the order they were ordered."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def order(self, *faults: Fault) -> None:
        """Let these happen."""
        for fault in faults:
            if fault.kind not in KINDS:
                raise ValueError(f"no such fault: {fault.kind}")
        with self._lock:
            self._waiting += faults

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault of a request, and use it up."""
        with self._lock:
            fault = next((one for one in self._waiting if one.fits(method, path)), None)
            if fault is None:
                return None
            if fault.skip:
                fault.skip -= 1
                return None
            fault.times -= 1
            if fault.times <= 0:
                self._waiting.remove(fault)
            return fault
