"""The state folder keeps secrets private and says in one line why it cannot be used."""

import os
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from miosa.embedded.state import LARGEST_LOG_BYTES, CannotStart, State, cannot_write
from miosa.environment import ROOT


@pytest.fixture
def state(tmp_path):
    """A state folder of its own."""
    return State(tmp_path / "state").create()


def test_only_the_data_can_be_reached_by_others(state):
    """Secrets, locks and logs are closed to other accounts; PostgreSQL's account can walk to the data."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.root.iterdir()}
    assert modes == {"run": 0o700, "log": 0o700, "secrets": 0o700, "data": 0o711}
    assert state.root.stat().st_mode & 0o011 == 0o011


def test_a_secret_is_made_once_and_private(state):
    """The second call returns the first one's secret, from a file of mode 0600."""
    first = state.secret("jwt")
    assert state.secret("jwt") == first
    assert len(first) >= 32
    assert [stat.S_IMODE(path.stat().st_mode) for path in (state.root / "secrets").iterdir()] == [0o600]


def test_racing_processes_get_the_same_secret(state):
    """Eight threads ask at once: one value, no draft left."""
    with ThreadPoolExecutor(8) as pool:
        values = set(pool.map(lambda _: state.secret("jwt"), range(8)))
    assert len(values) == 1
    assert [path.name for path in (state.root / "secrets").iterdir()] == ["jwt"]


def test_a_full_disk_is_refused_before_anything_starts(state):
    """Too little room is one line that names the folder and the way out."""
    with pytest.raises(
        CannotStart, match=r"MB free and 999999999 MB are needed: free some space, or set MIOSA_STATE"
    ) as e:
        state.refuse_full_disk(999_999_999)
    assert str(state.root) in str(e.value)
    assert "\n" not in str(e.value)


def test_a_disk_that_fills_up_is_named(state):
    """ENOSPC while writing becomes the same kind of line. /dev/full refuses every write with it."""
    full = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115  closing it fails too
    with pytest.raises(OSError, match="No space") as error:
        full.write("x\n")
    assert "is full: free some space, or set MIOSA_STATE" in str(cannot_write(state.root, error.value))


def test_a_folder_that_cannot_be_written_is_named():
    """A read-only place is one line, not a traceback."""
    with pytest.raises(
        CannotStart, match=r"^/proc/miosa cannot be used .*: correct its permissions, or set MIOSA_STATE"
    ):
        State(Path("/proc/miosa")).create()


def test_another_accounts_folder_is_named(state):
    """Somebody else's state folder is one line too."""
    if os.geteuid() != 0:
        pytest.skip("needs root to become another account")
    temporary = Path(tempfile.gettempdir())
    for folder in (state.root, *(one for one in state.root.parents if one.is_relative_to(temporary))):
        folder.chmod(folder.stat().st_mode | 0o011)
    code = (
        "import os, sys, pathlib; from miosa.embedded.state import State; os.setuid(65534)\n"
        "State(pathlib.Path(sys.argv[1])).create()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, state.root], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"{state.root} cannot be used (Operation not permitted): correct its permissions" in run.stderr


def test_a_large_log_starts_anew(state):
    """A log above its limit moves aside, so a machine that runs for months does not fill up."""
    log = state.log_file("web")
    log.write_bytes(b"x" * (LARGEST_LOG_BYTES + 1))
    assert not state.log_file("web").exists()
    assert (state.log / "web.log.1").stat().st_size == LARGEST_LOG_BYTES + 1


def test_a_failure_is_told_by_the_end_of_the_log(state):
    """The line that tells most is shown; a full disk is named as such."""
    state.log_file("database").write_text("starting\nFATAL:  lock file exists\nHINT: none\n")
    assert str(state.failure("database", "It ended")).endswith(
        "database.log, which ends: FATAL:  lock file exists"
    )
    state.log_file("database").write_text("FATAL:  could not write: No space left on device\nbye\n")
    assert "is full; free some space, or set MIOSA_STATE" in str(state.failure("database", "It ended"))
    assert str(state.failure("nothing", "It ended")).endswith("it said nothing")


def test_the_last_lines_of_a_log(state):
    """What an error shows is the end of the log without empty lines; no log, no lines."""
    assert state.last_lines("web") == []
    state.log_file("web").write_text("\n".join(f"line {number}\n" for number in range(5000)))
    assert state.last_lines("web", count=2) == ["line 4998", "line 4999"]
