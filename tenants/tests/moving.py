"""What the tests of moving share: rows of every table, what a place holds, and the command in its own process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.db import connections
from django_tenants.utils import tenant_context

from agents.models import Execution
from billing.models import KeyBudget
from billing.subscriptions import current_budget
from miosa.embedded.processes import until
from miosa.environment import ROOT, environment
from miosa.pg.platform import platform
from miosa.tests.admin_rows import fill
from tenants.models import Tenant
from tenants.moving.tables import tables
from tenants.places import SHARED

URLS = ("DATABASE_URL", "DATABASE_PLATFORM_URL", "DATABASE_OWNER_URL")
IN_TIME_S = 60


def filled(tenant: Any, executions: int = 3) -> None:
    """Write rows of every kind for a tenant."""
    for number in range(executions):
        fill(tenant, number)
    with tenant_context(tenant):
        KeyBudget.objects.create(budget=current_budget(), key_id=tenant.pk, spent_micros=7)


def quiet(_line: str) -> None:
    """Say nothing."""


def rows_of(tenant: Any, schema: str) -> dict[str, list[str]]:
    """Return every row of a tenant that a schema holds, column by column as text, by table."""
    found = {}
    with connections["platform"].cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)", [schema])
        there = {name for (name,) in cursor.fetchall()}
        for table in (model._meta.db_table for model in tables() if model._meta.db_table in there):
            cursor.execute(
                f'SELECT to_jsonb(t)::text FROM "{schema}"."{table}" t WHERE tenant_id = %s ORDER BY id',
                [tenant.pk],
            )
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def number_of_rows(tenant: Any, schema: str) -> int:
    return sum(map(len, rows_of(tenant, schema).values()))


def registered(tenant: Any) -> Tenant:
    """Return the tenant as the registry has it now."""
    with platform():
        return Tenant.objects.get(pk=tenant.pk)


def in_force(tenant: Any) -> str:
    """Return the schema the registry names for the tenant."""
    row = registered(tenant)
    return row.schema_name if row.isolation == Tenant.Isolation.SILO else SHARED


def executions_of(tenant: Any) -> int:
    """Return how many executions the application sees for the tenant."""
    with tenant_context(tenant):
        return Execution.objects.count()


def environ() -> dict[str, str]:
    """Return the environment of a process that works on the test database."""
    name = connections["default"].settings_dict["NAME"]
    known = environment()
    values = (known.database_url, known.database_platform_url, known.database_owner_url)
    urls = {
        key: urlsplit(url)._replace(path=f"/{name}").geturl() for key, url in zip(URLS, values, strict=True)
    }
    return {**os.environ, **urls, "MIOSA_DATABASE_LOGIN": ""}


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `manage.py tenants ...` in a process of its own, which does not outlive the block."""
    with subprocess.Popen(
        [sys.executable, "manage.py", "tenants", *arguments],
        cwd=ROOT,
        env=environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ran(*arguments: str, told: str = "") -> tuple[int, str, str]:
    """Run `manage.py tenants ...` to its end with `told` on its input; return exit code, output and errors."""
    with command(*arguments) as process:
        out, err = process.communicate(told, timeout=IN_TIME_S)
    return process.returncode, out, err


@contextmanager
def holding(alias: str, statement: str, parameters: Any = ()) -> Any:
    """Keep a transaction of one login open that has run a statement; yield the number of its server process."""
    connection = connections.create_connection(alias)
    try:
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            cursor.execute("SELECT pg_backend_pid()")
            yield cursor.fetchone()[0]
        connection.rollback()
    finally:
        connection.close()


def somebody_waits_for(pid: int) -> bool:
    """Tell whether a server process waits for a lock that `pid` holds."""
    with connections["platform"].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid)))",
            [pid],
        )
        return bool(cursor.fetchone()[0])


def waited_for(pid: int) -> bool:
    """Wait until somebody waits for `pid`."""
    return until(lambda: somebody_waits_for(pid), timeout_s=IN_TIME_S)


def moving() -> bool:
    """Tell whether a command still holds the lock of those who move a tenant."""
    with connections["platform"].cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = %s)", [0x4D4F5645]
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def open_job(statement: str) -> Any:
    """Run a statement as a job of the platform does, and yield its connection with the transaction still open."""
    job = connections.create_connection("platform")
    try:
        job.set_autocommit(False)
        with job.cursor() as cursor:
            cursor.execute(statement)
        yield job
    finally:
        job.close()


def straggler(tenant: Any, schema: str) -> str:
    """Return the statement that writes one more ledger entry of the tenant in a schema."""
    table = f'"{schema}".billing_ledgerentry'
    return f"""INSERT INTO {table}
        SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'source_id', 'late', 'cost_micros', 0))).*
        FROM {table} t WHERE tenant_id = '{tenant.pk}' LIMIT 1"""


def looked_at() -> str:
    """Return the schema that the platform's connection of this thread means."""
    platform_connection: Any = connections["platform"]
    return str(platform_connection.schema_name)


def fail() -> None:
    """Raise an error that nobody expects."""
    raise ZeroDivisionError
