"""Another installation for tests, on the same server: a database of its own and another JWT_SECRET."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from miosa.environment import ROOT, environment

URLS = ("DATABASE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL")
IN_TIME_S = 120


class Elsewhere:
    """Commands run as processes of their own. Close it at the end."""

    NAME = "miosa_elsewhere"

    def __init__(self) -> None:
        known = environment()
        given = (known.database_url, known.database_platform_url, known.database_owner_url)
        urls = [urlsplit(url)._replace(path=f"/{self.NAME}").geturl() for url in given]
        self.environ = {
            **os.environ,
            **dict(zip(URLS, urls, strict=True)),
            "JWT_SECRET": "another-installation-has-another-secret-of-its-own",
            "MIOSA_DATABASE_LOGIN": "",
        }
        self._administrate("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}")
        self.manage("migrate", "--verbosity=0")

    def manage(self, *arguments: str, input_: str = "") -> str:
        """Run a command to its good end and return what it printed."""
        code, out, err = self.attempt(*arguments, input_=input_)
        assert code == 0, err
        return out

    def attempt(self, *arguments: str, input_: str = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environ, capture_output=True, text=True, timeout=IN_TIME_S, input=input_, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    def close(self) -> None:
        self._administrate("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _administrate(self, *statements: str) -> None:
        owner = urlsplit(environment().database_owner_url)._replace(path="/postgres").geturl()
        with psycopg.connect(owner, autocommit=True) as connection:
            for statement in statements:
                connection.execute(sql.SQL(statement).format(sql.Identifier(self.NAME)))
