"""The whole product on this machine: servers, migrations, web, worker and beat, ready or refused in one line."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from miosa.embedded import processes
from miosa.embedded.locks import FileLock
from miosa.embedded.services import ensure, release
from miosa.embedded.state import CannotStart, State
from miosa.embedded.supervisor import Child, Supervisor
from miosa.embedded.unwinding import unwinding
from miosa.environment import ROOT, Environment, export
from miosa.pg.wall import refuse_open_wall

READY_TIMEOUT_S = 120.0
NO_SANDBOX = (
    "bubblewrap is not installed: agents cannot run code, all else works (Debian: apt-get install bubblewrap)"
)
# Beyond these granian cuts off by itself; what is refused with a document lies below them (`miosa.http.limits`).
WEB_LIMITS = (
    "--no-ws",
    "--http1-buffer-size",
    "65536",
    "--http1-header-read-timeout",
    "10000",
    "--http2-max-headers-size",
    "65536",
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Site:
    """Where the running product is reached."""

    pid: int
    url: str
    admin_url: str
    docs_url: str


@contextlib.contextmanager
def serving(environment: Environment, *, say: Say) -> Iterator[tuple[Site, Supervisor]]:
    """Start everything, yield once /readyz says ready, and stop everything at the end of the block.

    Raise CannotStart, DatabaseRefused, or Stopped when a signal ends it. Call it from the main thread.
    """
    state = State(environment.state_dir).create()
    site = site_of(environment)
    with unwinding(), _alone(state), contextlib.ExitStack() as cleanup:
        refuse_taken_port(environment)
        if shutil.which("bwrap") is None:
            say(NO_SANDBOX)
        cleanup.callback(release)
        filled = ensure(environment, say=say)
        environ = dict(os.environ)
        environ.pop("MIOSA_DATABASE_LOGIN", None)
        export(filled, environ)
        say("migrating the database")
        _migrate(state, environ)
        refuse_open_wall(filled.database_url, platform_url=filled.database_platform_url)
        say("starting web, worker and beat")
        supervisor = Supervisor(children(filled), state=state, environ=environ, cwd=ROOT, say=say)
        cleanup.enter_context(supervisor.running())
        _wait_until_ready(filled, supervisor)
        _record(state).write_text(json.dumps(asdict(site)))
        cleanup.callback(_record(state).unlink, missing_ok=True)
        yield site, supervisor


def children(environment: Environment) -> tuple[Child, ...]:
    """Return the product's processes; they stop in the opposite order: first the door, last who works."""
    python = (sys.executable, "-m")
    schedule = str(environment.state_dir.resolve() / "run" / "beat-schedule")
    celery = (*python, "celery", "-A", "miosa.celery")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    address = ("--host", environment.host, "--port", str(environment.port))
    web = (*python, "granian", "--interface", "asgi", *address, *WEB_LIMITS, "--workers-kill-timeout", "2")
    return (
        # A task that is cut off is taken up again from its row, so the worker need not finish it.
        Child("worker", (*celery, "worker", "-P", "threads", "-c", "8", *quiet), grace_s=5),
        Child("beat", (*celery, "beat", "--schedule", schedule, "--pidfile="), grace_s=5),
        # Killed at once, granian could not end the process that answers for it.
        Child(
            "web", (*web, "--respawn-failed-workers", "miosa.asgi:application"), death_signal=signal.SIGTERM
        ),
    )


def site_of(environment: Environment) -> Site:
    """Return where the product answers once it runs in this process."""
    host = "127.0.0.1" if environment.host in {"0.0.0.0", "::"} else environment.host  # noqa: S104  compared, not bound
    url = f"http://[{host}]:{environment.port}" if ":" in host else f"http://{host}:{environment.port}"
    return Site(os.getpid(), url, f"{url}/admin/", f"{url}/api/v1/docs")


def running_site(state: State) -> Site | None:
    """Return the site that was started on this state folder and is ready, if there is one."""
    if not _record(state).exists():
        return None
    site = Site(**json.loads(_record(state).read_text()))
    # The record of a site that was killed stays behind.
    return site if site.pid == running_pid(state) else None


def running_pid(state: State) -> int | None:
    """Return the process that serves on this state folder, ready or not."""
    if not state.run.exists():
        return None
    lock = FileLock(state.run / "serve.lock")
    try:
        return None if lock.own() else int((state.run / "serve.pid").read_text())
    except (FileNotFoundError, ValueError):
        return None  # it took the lock a moment ago
    finally:
        lock.close()


def refuse_taken_port(environment: Environment) -> None:
    """Raise CannotStart when somebody listens where the web server shall."""
    family = socket.AF_INET6 if ":" in environment.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((environment.host, environment.port))
        except OSError as error:
            raise CannotStart(
                f"Port {environment.port} of {environment.host} cannot be used ({error.strerror}): stop what listens there "
                "(`make down`, if it is MIOSA), or set MIOSA_PORT to another."
            ) from error


@contextlib.contextmanager
def _alone(state: State) -> Iterator[None]:
    """Hold the state folder's serve lock: two of us would share process id files and logs."""
    lock = FileLock(state.run / "serve.lock")
    try:
        if not lock.own(timeout_s=0.5):
            raise CannotStart(f"MIOSA runs already on {state.root}: use it, or stop it with `make down`.")
        (state.run / "serve.pid").write_text(str(os.getpid()))
        yield
    finally:
        lock.close()


def _migrate(state: State, environ: dict[str, str]) -> None:
    """Migrate in a process of its own, which logs in as the owner of the tables."""
    command = (sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "1")
    with state.log_file("migrate").open("wb") as log:
        code = processes.start(processes.Launch(command, ROOT, environ), log).wait()
    if code:
        lines = "".join(f"\n  {line}" for line in state.last_lines("migrate"))
        raise CannotStart(f"The database cannot be migrated; the end of {state.log / 'migrate.log'}:{lines}")


def _wait_until_ready(environment: Environment, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while missing := _what_is_missing(environment):
        supervisor.check()
        if time.monotonic() > deadline:
            logs = environment.state_dir / "log"
            raise CannotStart(
                f"Not ready after {READY_TIMEOUT_S:.0f} seconds: {missing}. The logs are in {logs}."
            )
        time.sleep(0.1)


def _what_is_missing(environment: Environment) -> str:
    """Ask /readyz; return an empty text when it says ready, else what it misses."""
    host = next((name.lstrip(".") for name in environment.allowed_hosts if name != "*"), "localhost")
    place = site_of(environment).url.removeprefix("http://")
    connection = http.client.HTTPConnection(place, timeout=10)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        response = connection.getresponse()
        if response.status == http.client.OK:
            return ""
        return _reasons(response.read()) or f"/readyz answers {response.status}"
    except (OSError, http.client.HTTPException) as error:
        return f"the web server does not answer ({error})"
    finally:
        connection.close()


def _reasons(body: bytes) -> str:
    try:
        checks = json.loads(body)["checks"]
        return "; ".join(f"{name}: {check['detail']}" for name, check in checks.items() if not check["ok"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _record(state: State) -> Path:
    return state.run / "serve.json"
