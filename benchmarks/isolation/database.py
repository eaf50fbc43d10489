"""A migrated database of the embedded server for one benchmark, gone at its end."""

import contextlib
import importlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

from miosa.embedded import services
from miosa.embedded.keeper import paths
from miosa.embedded.state import State
from miosa.environment import ROOT, export, read


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """Start a server on a state folder of its own, set Django up on it, and yield the superuser's URL."""
    root = Path(tempfile.mkdtemp(prefix="miosa-bench-"))
    root.chmod(0o711)
    state = State(root / "state")
    try:
        filled = services.ensure(read({"MIOSA_STATE": str(state.root)}), need={"database", "broker"})
        export(filled)
        command = [sys.executable, "manage.py", "migrate", "--skip-checks"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        importlib.import_module("miosa.wsgi")  # sets Django up, on this database
        record = json.loads(paths(state, "database").record.read_text())
        yield record["url"].rpartition("/")[0] + "/miosa"
    finally:
        _close_connections()
        services.release()
        shutil.rmtree(root)


@contextlib.contextmanager
def superuser(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """Yield the superuser, who fills tables past the wall."""
    with psycopg.connect(url, autocommit=True) as made:
        made.execute("SET synchronous_commit = off")
        yield made


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
