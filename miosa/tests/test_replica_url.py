"""A replica's URL is checked like every other, and leads in as the application and as nobody else."""

import json
import subprocess
import sys

import pytest

from miosa.environment import ROOT, InvalidEnvironment, effects, read

LOGINS = {
    "DATABASE_URL": "postgresql://app:a@db/miosa",
    "DATABASE_PLATFORM_URL": "postgresql://platform:b@db/miosa",
}


def test_its_url_is_checked():
    """A replica of nothing, of another login or with a wrong URL is refused by name; its effect is told both ways."""
    for given, advice in (
        ({"DATABASE_REPLICA_URL": "postgresql://app:a@db2/miosa"}, "is set without DATABASE_URL"),
        (
            LOGINS | {"DATABASE_REPLICA_URL": "postgresql://root:a@db2/miosa"},
            "the same login as DATABASE_URL",
        ),
        (LOGINS | {"DATABASE_REPLICA_URL": "mysql://app:a@db2/miosa"}, "must start with postgresql://"),
    ):
        with pytest.raises(InvalidEnvironment, match=f"^DATABASE_REPLICA_URL .*{advice}"):
            read(given)
    given = LOGINS | {"DATABASE_REPLICA_URL": "postgresql://app:a@db2/miosa"}
    told = [{effect.name: effect for effect in effects(read(one))} for one in (given, LOGINS)]
    assert [one["DATABASE_REPLICA_URL"].present for one in told] == [True, False]
    assert "while it is away" in told[0]["DATABASE_REPLICA_URL"].effect


def test_beside_one_administrative_url_it_gets_the_applications_login():
    """The settings turn both URLs into logins of the application, and of nobody else."""
    urls = {
        "DATABASE_URL": "postgresql://root:pw@db/",
        "DATABASE_REPLICA_URL": "postgresql://root:pw@db2:5433/",
    }
    script = "from miosa.settings import DATABASES as d; print([[d[n][k] for k in %r] for n in ('default', 'replica')])"
    done = subprocess.run(
        [sys.executable, "-c", script % (["HOST", "PORT", "NAME", "USER", "PASSWORD"],)],
        cwd=ROOT, env={"PATH": "/usr/bin"} | urls | {"JWT_SECRET": "kq3ZtV8mXc1pLw9sRb7nYd2fGh6jTa4uEe0oIiQv"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    default, there = json.loads(done.stdout.replace("'", '"'))
    assert there == ["db2", "5433", *default[2:]]
    assert default[2:4] == ["miosa", "miosa_app"]
