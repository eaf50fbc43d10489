"""Give a bare machine what its environment does not name: `ensure()` starts it, or joins those who use it already."""

import atexit
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from miosa.embedded.keeper import Paths, Record, paths
from miosa.embedded.locks import FileLock
from miosa.embedded.processes import harmless, is_alive, until
from miosa.embedded.servers import SERVERS
from miosa.embedded.state import CannotStart, State
from miosa.environment import ROOT, Environment
from miosa.pg.bootstrap import bootstrap, same_login

EVERYTHING = frozenset(SERVERS)
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0
# The fields of the environment that make each embedded server unnecessary; its own address goes into the first.
REPLACED_BY = {
    "database": ("database_url",),
    "broker": ("redis_url",),
    "language_model": ("local_model_url",),
    "embeddings": ("embeddings_url",),
    "sandboxes": ("sandboxes_url", "e2b_api_key"),
    "hosting": ("hosting_url",),
}


class Use:
    """Our share in one running server; the kernel gives it up for us should we be killed."""

    def __init__(self, state: State, name: str, environ: dict[str, str]) -> None:
        self._state, self._name, self._environ = state, name, environ
        self._files: Paths = paths(state, name)
        self._users = FileLock(self._files.users)
        self._launched: subprocess.Popen[bytes] | None = None
        self._record: Record | None = None
        self._was_last = False
        # Refused while an earlier keeper winds down.
        if not self._users.share(timeout_s=STOP_TIMEOUT_S):
            raise CannotStart(
                f"{SERVERS[name].title} is stopping and does not end; see {state.log / name}.log."
            )
        self._look()

    def record(self) -> Record:
        """Wait until the server answers, starting it again if it was killed. Raise CannotStart with the reason."""
        if not until(self._look, timeout_s=START_TIMEOUT_S) or self._record is None:
            raise CannotStart(
                f"{SERVERS[self._name].title} does not start; see {self._state.log / self._name}.log."
            )
        return self._record

    def give_up(self) -> None:
        """Release our share; the server stops if it was the last one."""
        self._was_last = self._users.own()
        self._users.close()

    def wait_for_stop(self) -> None:
        """After give_up(): wait until the server has stopped, unless others use it."""
        if not self._was_last and not self._is_stopping():
            if self._launched:
                self._launched.returncode = 0  # it outlives us on purpose: no warning that it does
            return
        until(self._has_no_keeper, timeout_s=STOP_TIMEOUT_S)
        if self._launched:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._launched.wait(timeout=5)

    def forget(self) -> None:
        """Close our copy of the lock in a forked child: the share stays the parent's."""
        self._users.close()

    def _look(self) -> bool:
        """Read the record of a server that answers; launch a keeper where there is none. Raise CannotStart if ours gave up."""
        if self._has_no_keeper():
            if self._launched is None or self._record:  # never started, or killed since we looked last
                self._record, self._launched = None, self._launch()
            elif self._launched.poll() is not None:
                raise CannotStart(self._reason())
            return False
        with contextlib.suppress(FileNotFoundError):
            record = Record(**json.loads(self._files.record.read_text()))
            # The keeper may be dying, or bring a killed server back: its record is older than that.
            if is_alive(record.server) and SERVERS[self._name].is_ready(self._state, record.port):
                self._record = record
                return True
        return False

    def _launch(self) -> subprocess.Popen[bytes]:
        self._files.error.unlink(missing_ok=True)
        with self._state.log_file(self._name).open("ab") as log:
            return subprocess.Popen(  # noqa: S603  every word comes from this package
                (sys.executable, "-m", "miosa.embedded.keeper", self._name, str(self._state.root)),
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _has_no_keeper(self) -> bool:
        """Look whether the keeper's lock is free; what a killed keeper left behind is removed under it."""
        lock = FileLock(self._files.keeper)
        try:
            if free := lock.own():
                self._files.record.unlink(missing_ok=True)
            return free
        finally:
            lock.close()

    def _is_stopping(self) -> bool:
        """Say whether the keeper found itself without users just before we could: it then holds their lock."""
        lock = FileLock(self._files.users)
        try:
            return not lock.share(timeout_s=0)
        finally:
            lock.close()

    def _reason(self) -> str:
        if self._files.error.exists() and (reason := self._files.error.read_text()):
            return reason
        self._state.refuse_full_disk(needed_mb=1)
        return f"{SERVERS[self._name].title} cannot start; see {self._state.log / self._name}.log."


_uses: dict[tuple[Path, str], Use] = {}


@atexit.register
def release() -> None:
    """Give up every server this process uses; return when those nobody else uses have stopped."""
    uses = list(_uses.values())
    _uses.clear()
    for use in uses:
        use.give_up()
    for use in uses:
        use.wait_for_stop()


def _forget() -> None:
    for use in _uses.values():
        use.forget()
    _uses.clear()


os.register_at_fork(after_in_child=_forget)


def ensure(
    environment: Environment, *, need: Collection[str] = EVERYTHING, say: Callable[[str], None] | None = None
) -> Environment:
    """Start what `need` asks for and no variable names, prepare the database, and return the filled environment.

    A server that runs already is used and left running for its other users; the rest stops when this process ends.
    Raise CannotStart or DatabaseRefused, one line each.
    """
    missing = [name for name in SERVERS if name in need and not _replaced(environment, name)]
    values: dict[str, Any] = {}
    state = State(environment.state_dir)
    if missing or not environment.jwt_secret:
        state.create()
    values |= {
        REPLACED_BY[name][0]: record.url for name, record in _join(state, missing, environment, say).items()
    }
    if not environment.jwt_secret:
        values["jwt_secret"] = state.secret("jwt")
    if "database" in need and not environment.database_platform_url:
        logins = bootstrap(values.get("database_url") or environment.database_url)
        values |= {"database_url": logins.app_url, "database_platform_url": logins.platform_url}
        values["database_owner_url"] = logins.owner_url
        if environment.database_replica_url:
            values["database_replica_url"] = same_login(environment.database_replica_url, logins.app_url)
    names = {spec.name: spec.metadata["name"] for spec in fields(environment)}
    filled = [names[field] for field in values if not getattr(environment, field)]
    return replace(environment, filled=(*environment.filled, *filled), **values)


def _replaced(environment: Environment, name: str) -> bool:
    return any(getattr(environment, field) for field in REPLACED_BY[name])


def _join(
    state: State, names: list[str], environment: Environment, say: Callable[[str], None] | None
) -> dict[str, Record]:
    """Take a share in each named server, all starting at once, and wait for the slowest."""
    environ = harmless(os.environ) | {
        "MIOSA_MODEL_THREADS": str(environment.model_threads),
        "MIOSA_SITES_PORT": str(environment.sites_port),
        "MIOSA_SITES_URL": environment.sites_url,
        "MIOSA_APP_IDLE_S": str(environment.app_idle_s),
    }
    for name in names:
        if say and (state.root, name) not in _uses:
            say(f"starting {SERVERS[name].title}")
        if (state.root, name) not in _uses:
            _uses[state.root, name] = Use(state, name, environ)
    return {name: _uses[state.root, name].record() for name in names}
