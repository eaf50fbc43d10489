"""A real PgBouncer in transaction mode before a server, on a port of its own."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from miosa.embedded import postgres, processes
from miosa.embedded.processes import Launch, until
from miosa.embedded.server import LOCALHOST, free_port

WHERE = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
SERVER_CONNECTIONS = 2  # for each login
SETTINGS = """[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/logins
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 200
server_login_retry = 1
"""


@contextlib.contextmanager
def pgbouncer(urls: Sequence[str]) -> Iterator[int]:
    """Run PgBouncer for the logins of `urls`, which are on one server, and yield its port; skip where it is missing."""
    program = shutil.which("pgbouncer", path=WHERE)
    if program is None:
        pytest.skip("pgbouncer is not here, and `make test` could not install it: apt-get install pgbouncer")
    folder, port, who = Path(tempfile.mkdtemp(prefix="miosa-pgbouncer-")), free_port(), postgres.account()
    _configure(folder, port, urls)
    if who:
        for path in (folder, *folder.iterdir()):
            os.chown(path, who.uid, who.gid)
    with (folder / "log").open("wb") as log:
        server = processes.start(Launch((program, str(folder / "settings.ini")), folder, account=who), log)
    try:
        first = urlsplit(urls[0])
        through = first._replace(netloc=f"{first.netloc.rpartition('@')[0]}@{LOCALHOST}:{port}").geturl()
        assert until(lambda: _answers(through), timeout_s=20), (folder / "log").read_text()
        yield port
    finally:
        processes.end(server, signal.SIGINT, grace_s=5)
        shutil.rmtree(folder)


def _configure(folder: Path, port: int, urls: Sequence[str]) -> None:
    place = urlsplit(urls[0])
    values = {
        "host": place.hostname,
        "server": place.port,
        "port": port,
        "folder": folder,
        "size": SERVER_CONNECTIONS,
    }
    (folder / "settings.ini").write_text(SETTINGS.format(**values))
    logins = [(unquote(urlsplit(url).username or ""), unquote(urlsplit(url).password or "")) for url in urls]
    (folder / "logins").write_text("".join(f'"{name}" "{password}"\n' for name, password in logins))
    (folder / "logins").chmod(0o600)


def _answers(url: str) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2).close()
        return True
    return False
