"""File locks the kernel frees at a process's death, however it dies."""

import fcntl
import os
from pathlib import Path

from miosa.embedded.processes import until


class FileLock:
    """One handle on a lock file. The file stays; only the lock comes and goes."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self, *, timeout_s: float) -> bool:
        """Take it together with others; False when somebody kept it alone for `timeout_s` seconds."""
        return until(lambda: self._try(fcntl.LOCK_SH), timeout_s=timeout_s)

    def own(self, *, timeout_s: float = 0) -> bool:
        """Take it alone, within `timeout_s` seconds. What this handle held before is given up in any case."""
        return until(lambda: self._try(fcntl.LOCK_EX), timeout_s=timeout_s)

    def wait_to_own(self) -> None:
        """Block until nobody else holds it."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Give it up."""
        os.close(self._file)

    def _try(self, mode: int) -> bool:
        try:
            fcntl.flock(self._file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
