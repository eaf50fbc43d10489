"""One program that the host started."""

from collections import deque

from .launching import Ends


class Program:
    """One running program; `credit` is how many bytes it may still say before the host has taken some."""

    def __init__(self, handle: int, pid: int, ends: Ends, credit: int) -> None:
        self.handle, self.pid, self.ends, self.credit = handle, pid, ends, credit
        self.status: int | None = None
        self.ended = False
        self.said = b""  # read from its channel, and not told yet
        self.input: deque[tuple[int, str, memoryview]] = deque()

    def writes_to(self, descriptor: int) -> bool:
        """Whether input waits for this descriptor."""
        if not self.input:
            return False
        end = self.ends.channel if self.input[0][1] == "channel" else self.ends.stdin
        return descriptor == end
