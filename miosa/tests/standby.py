"""A streaming standby of a server that runs: pg_basebackup and postgres from the embedded wheel, a port of its own."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from miosa.embedded import postgres, processes
from miosa.embedded.processes import Launch, harmless, until
from miosa.embedded.server import LOCALHOST, free_port
from miosa.embedded.state import State

START_S = 60


class Standby:
    """One standby: its data folder, its server while it runs, and how far it has come."""

    def __init__(self, primary_url: str, state: State) -> None:
        self._primary_url, self._state, self.port = primary_url, state, free_port()
        self._root = Path(tempfile.mkdtemp(prefix="miosa-standby-"))
        self._root.chmod(0o711)
        self._log = (self._root / "log").open("wb")
        self._data, self._who = self._root / "data", postgres.account()
        self._data.mkdir(mode=0o700)
        if self._who:
            os.chown(self._data, self._who.uid, self._who.gid)
        self._server: subprocess.Popen[bytes] | None = None

    def copy(self) -> None:
        """Take the base backup, with what a standby needs to follow."""
        place = urlsplit(self._primary_url)
        source = f"host={place.hostname} port={place.port} user={place.username}"
        command = (self._program("pg_basebackup"), "-d", source, "-D", str(self._data), "-R", "-c", "fast")
        environ = harmless(os.environ) | {"PGPASSWORD": unquote(place.password or "")}
        code = processes.start(Launch(command, self._data, environ, account=self._who), self._log).wait()
        assert code == 0, (self._root / "log").read_text()

    def start(self) -> None:
        """Start it and wait until it answers reads."""
        settings = [word for name, value in postgres.SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = (self._program("postgres"), "-D", str(self._data), "-p", str(self.port), *settings)
        launch = Launch(command, self._data, account=self._who, death_signal=signal.SIGINT)
        self._server = processes.start(launch, self._log)
        assert until(self._answers, timeout_s=START_S), (self._root / "log").read_text()

    def stop(self) -> None:
        """Stop it in mode immediate."""
        if self._server:
            processes.end(self._server, signal.SIGQUIT, grace_s=10)
            self._server = None

    def catch_up(self) -> None:
        """Wait until everything that the primary has written so far can be read here."""
        with psycopg.connect(self._primary_url) as primary, psycopg.connect(self.url) as here:
            [target] = primary.execute("SELECT pg_current_wal_insert_lsn()::text").fetchone() or ("",)
            behind = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            assert until(lambda: here.execute(behind, [target]).fetchone() == (True,), timeout_s=20)

    @property
    def url(self) -> str:
        """The superuser's URL."""
        place = urlsplit(self._primary_url)
        return place._replace(netloc=f"{place.netloc.rpartition('@')[0]}@{LOCALHOST}:{self.port}").geturl()

    def remove(self) -> None:
        """Stop it and leave nothing."""
        self.stop()
        self._log.close()
        shutil.rmtree(self._root)

    def _program(self, name: str) -> str:
        return str(postgres._binary(self._state, name))

    def _answers(self) -> bool:
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(self.url, connect_timeout=2) as made,
        ):
            return made.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        return False


@contextlib.contextmanager
def standby_of(primary_url: str, state: State) -> Iterator[Standby]:
    """Yield a running standby of the server of a superuser's URL; `state` is where that server's programs are."""
    standby = Standby(primary_url, state)
    try:
        standby.copy()
        standby.start()
        yield standby
    finally:
        standby.remove()
