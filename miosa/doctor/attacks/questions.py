"""SQL that a model could write, past the check of its text: whatever it says, it is asked as the reader."""

from collections.abc import Iterator

from django.db import DatabaseError, connection

from agents.models import Execution
from agents.offered import RIGHTS
from miosa.doctor.attack import Attack, Found, Ground, Missed
from miosa.doctor.statements import Answer, inside, refusal
from miosa.pg import reader
from miosa.pg.bootstrap import READER

SURFACE = "questions"
WITHIN_MS = 2_000
COLUMNS = f"""
    SELECT c.relname::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.oid = %s::regclass AND NOT a.attisdropped AND has_column_privilege('{READER}', c.oid, a.attnum, 'SELECT')
"""
READABLE = f"""
    SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    AND has_any_column_privilege('{READER}', c.oid, 'SELECT')
"""


def attacks(ground: Ground) -> Found:
    """Ask for the victim's rows in every way; then for what nobody may do or read as the reader."""
    table = ground.table(Execution)
    with inside(ground.victim.tenant):
        if ground.victim.canary not in " ".join(
            reader.ask(f"SELECT request FROM {table}", within_ms=WITHIN_MS)
        ):
            yield Missed(SURFACE, table, "the victim itself does not read its row")
    for name, text in _reaching(str(ground.victim.tenant.pk), table):
        answer = _asked(ground, text)
        told = ground.told(" ".join(row for (row,) in answer.rows), sent=[str(ground.victim.tenant.pk)])
        yield Attack(SURFACE, table, name, bool(told), answer.detail)
    for name, text in _forbidden(table):
        answer = _asked(ground, text)
        if answer.hollow:
            yield Missed(SURFACE, READER, f"{name}: {answer.detail}")
        else:
            yield Attack(SURFACE, READER, name, not answer.refused, answer.detail)
    yield from _rights(table.partition(".")[0])


def _asked(ground: Ground, text: str) -> Answer:
    try:
        with inside(ground.attacker.tenant):
            rows = reader.ask(text, within_ms=WITHIN_MS)
        return Answer([(row or "",) for row in rows], len(rows))
    except DatabaseError as error:
        return refusal(error)


def _reaching(victim: str, table: str) -> Iterator[tuple[str, str]]:
    inner = f"(SELECT string_agg(word, ' ') FROM ts_stat('SELECT array_to_tsvector(ARRAY[left(request, 999)]) FROM {table}'))"
    tenant = f"set_config('app.tenant_id', '{victim}', true)"
    yield "select", f"SELECT request FROM {table}"
    yield "everything in one", f"SELECT string_agg(request, ' ') FROM {table}"
    yield "another tenant's setting", f"SELECT s.x || request FROM (SELECT {tenant} AS x OFFSET 0) s, {table}"
    yield "another tenant's setting, and a query in a query", f"SELECT {tenant} || {inner}"
    yield (
        "another role, and a query in a query",
        f"SELECT set_config('role', 'none', true) || {tenant} || {inner}",
    )
    yield "row security off", f"SELECT set_config('row_security', 'off', true) || {inner}"
    yield "entering the tenant", f"SELECT public.enter_tenant('{victim}')::text || {inner}"
    yield "a second statement", f"SELECT {tenant}; SELECT request FROM {table}"


def _forbidden(table: str) -> Iterator[tuple[str, str]]:
    yield "become the application", "SELECT set_config('role', 'none', true)"
    yield "become another session", "SELECT set_config('session_authorization', 'miosa_app', true)"
    yield (
        "pin another tenant",
        "WITH a AS (UPDATE public.reading SET tenant = uuidv7() RETURNING 1) SELECT 'x' FROM a",
    )
    yield "a column that is not on offer", f"SELECT tenant_id::text FROM {table}"
    yield "whole rows", f"SELECT e::text FROM {table} e"
    yield "passwords", "SELECT rolpassword::text FROM pg_authid"
    yield "people", "SELECT email::text FROM public.tenants_user"
    yield "files", "SELECT pg_read_file('/etc/hostname')"
    yield "delete", f"WITH a AS (DELETE FROM {table} RETURNING 1) SELECT 'x' FROM a"
    yield (
        "delete in a query in a query",
        f"SELECT word FROM ts_stat('DELETE FROM {table} RETURNING ''a''::tsvector')",
    )
    yield "end another session", "SELECT pg_terminate_backend(pg_backend_pid())::text"


def _rights(schema: str) -> Found:
    """The columns that the reader may read are those on offer: no fewer, or questions fail, and no more."""
    with connection.cursor() as cursor:
        cursor.execute(READABLE, [schema])
        for name in sorted({name for (name,) in cursor.fetchall()} - {"reading"} | set(RIGHTS)):
            cursor.execute(COLUMNS, [f'{schema}."{name}"'])
            found = {column for _, column in cursor.fetchall()}
            differ = sorted(found ^ set(RIGHTS.get(name, ())))
            yield Attack(
                SURFACE, f"{schema}.{name}", "what the reader reads", bool(differ), ", ".join(differ)
            )
