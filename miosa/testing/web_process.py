"""The web server as it is run, on the test database: for what only a real socket shows."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

from miosa.embedded.processes import until
from miosa.embedded.server import free_port
from miosa.embedded.serving import WEB_LIMITS
from miosa.environment import ROOT, export

START_S = 30


@contextmanager
def web_process(log: Path, **variables: str) -> Iterator[int]:
    """Run granian with the whole application until the block ends; yield its port. `variables` go on top."""
    port, environ = free_port(), dict(os.environ)
    export(on_the_test_database(), environ)
    environ |= variables
    environ.pop("MIOSA_DATABASE_LOGIN", None)
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port),
        *WEB_LIMITS, "--workers-kill-timeout", "2", "miosa.asgi:application",
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
        try:
            started = until(
                lambda: b"Started worker" in log.read_bytes() or process.poll() is not None, timeout_s=START_S
            )
            assert started, log.read_text()
            assert process.poll() is None, log.read_text()
            yield port
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)


def on_the_test_database() -> Any:
    """Return the environment with the test's database in its URLs: for processes that a test starts."""
    name = connection.settings_dict["NAME"]

    def there(url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

    now = settings.ENVIRONMENT
    return replace(
        now,
        database_url=there(now.database_url),
        database_platform_url=there(now.database_platform_url),
        database_owner_url=there(now.database_owner_url),
    )
