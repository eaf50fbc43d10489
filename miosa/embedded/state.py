"""The state folder: where data, secrets, locks, records and logs of a bare machine live."""

import contextlib
import errno
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

FIRST_START_MB = 400  # a fresh cluster with its write-ahead log is 60 MB, the rest is room to work
LATER_START_MB = 50
LARGEST_LOG_BYTES = 5_000_000
PRIVATE = 0o700


class CannotStart(Exception):  # noqa: N818  reads as the sentence it prints
    """Something this machine lacks keeps a part from starting; the message is one line and says what to do."""


@dataclass(frozen=True)
class State:
    """The folders below MIOSA_STATE."""

    root: Path

    @property
    def run(self) -> Path:
        """Locks, process ids and the records of running servers."""
        return self.root / "run"

    @property
    def log(self) -> Path:
        """One log file for each process."""
        return self.root / "log"

    @property
    def data(self) -> Path:
        """What the servers keep."""
        return self.root / "data"

    def create(self) -> "State":
        """Make the folders; raise CannotStart where that is impossible or the disk is full."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            # PostgreSQL's account must be able to walk through this folder, and through no other of ours.
            self.root.chmod(self.root.stat().st_mode | 0o011)
            for path, mode in (
                (self.run, PRIVATE),
                (self.log, PRIVATE),
                (self._secrets, PRIVATE),
                (self.data, 0o711),
            ):
                path.mkdir(exist_ok=True)
                path.chmod(mode)
        except OSError as error:
            raise cannot_write(self.root, error) from error
        self.refuse_full_disk(LATER_START_MB if (self.data / "database").exists() else FIRST_START_MB)
        return self

    def refuse_full_disk(self, needed_mb: int) -> None:
        """Raise CannotStart unless `needed_mb` megabytes are free where the state lives."""
        free_mb = shutil.disk_usage(self.root).free // 1_000_000
        if free_mb < needed_mb:
            raise CannotStart(
                f"The disk that holds {self.root} has {free_mb} MB free and {needed_mb} MB are needed: "
                "free some space, or set MIOSA_STATE to a folder on another disk."
            )

    @property
    def _secrets(self) -> Path:
        return self.root / "secrets"

    def secret(self, name: str) -> str:
        """Return a random secret, made at the first call and kept in a file only its owner can read."""
        path = self._secrets / name
        try:
            if not path.exists():
                self._keep(path, secrets.token_urlsafe(48))
            return path.read_text().strip()
        except OSError as error:
            raise cannot_write(path, error) from error

    def _keep(self, path: Path, value: str) -> None:
        """Write `value` whole or not at all; of two racing processes the first one's value stays."""
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_text(value)
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
        finally:
            draft.unlink(missing_ok=True)

    def log_file(self, name: str) -> Path:
        """Return the log of one process; a log that grew large starts anew, with one older copy."""
        path = self.log / f"{name}.log"
        if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def last_lines(self, name: str, count: int = 8) -> list[str]:
        """Return the end of a process's log, without empty lines."""
        path = self.log / f"{name}.log"
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 8_192))
            text = file.read().decode(errors="replace")
        return [line for line in text.splitlines() if line.strip()][-count:]

    def failure(self, name: str, what: str) -> CannotStart:
        """Return the line that says why the process `name` failed, out of the end of its log."""
        lines = self.last_lines(name, count=20)
        if any("No space left on device" in line for line in lines):
            return CannotStart(
                f"{what}: the disk that holds {self.root} is full; free some space, or set MIOSA_STATE."
            )
        telling = [line for line in lines if "error:" in line or "FATAL" in line or "could not" in line]
        last = (telling or lines or ["it said nothing"])[-1].strip()
        return CannotStart(f"{what}; see {self.log / name}.log, which ends: {last}")


def cannot_write(path: Path, error: OSError) -> CannotStart:
    """Turn a refused write into a line that says what to do."""
    if error.errno == errno.ENOSPC:
        return CannotStart(
            f"The disk that holds {path} is full: free some space, or set MIOSA_STATE to another disk."
        )
    return CannotStart(
        f"{path} cannot be used ({error.strerror}): correct its permissions, or set MIOSA_STATE."
    )
