"""SQL that passed every check of its text by mistake: as the reader it reads one tenant's columns on offer, no more."""

import pytest
from django.db import DatabaseError, connection
from django_tenants.utils import schema_context, tenant_context

from agents import submission
from agents.offered import TABLES
from agents.tools.database import _wrapped
from miosa.pg import reader
from miosa.pg.owner import as_owner

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

OWN, FOREIGN = "count the pears", "count the secret apples"
# A query in a query: it is read, planned and permitted only when it runs, with what was set before.
INNER = "(SELECT string_agg(word, ' ') FROM ts_stat('SELECT array_to_tsvector(ARRAY[request]) FROM {place}agents_execution'))"
TENANT = "set_config('app.tenant_id', '{other}', true)"
# What runs, and shows the tenant's own row at most.
SHOWS_ITS_OWN = {
    "plain": "SELECT request FROM {place}agents_execution",
    "setting": f"SELECT request FROM (SELECT {TENANT} OFFSET 0) s, {{place}}agents_execution",
    "setting first": f"SELECT {TENANT} || {INNER}",
    "setting for the session": f"SELECT {TENANT} || {INNER}".replace("true)", "false)", 1),
    "path": f"SELECT set_config('search_path', 'public', true) || {INNER}",
    "the pin itself": "SELECT tenant::text FROM public.reading",
}
# What is refused, with the words of the database.
REFUSED = {
    "role": ("SELECT set_config('role', 'none', true)", "security-definer function"),
    "role of the login": ("SELECT set_config('role', 'miosa_app', false)", "security-definer function"),
    "session": ("SELECT set_config('session_authorization', 'miosa_app', true)", "security-definer function"),
    "role in a query in a query": (f"SELECT set_config('role', 'none', true) || {INNER}", "security-definer function"),
    "reset": ("RESET ROLE", "RESET query does not return tuples"),
    "two statements": ("SELECT 'a'; RESET ROLE", "RESET query does not return tuples"),
    "commit": ("COMMIT", "COMMIT query does not return tuples"),
    "row security": (f"SELECT set_config('row_security', 'off', true) || {INNER}", "row-level security"),
    "enter": ("SELECT public.enter_tenant('{other}')::text", "permission denied for function"),
    "column": ("SELECT plan_explanation FROM {place}agents_execution", "permission denied for table"),
    "whole row": ("SELECT e::text FROM {place}agents_execution e", "permission denied for table"),
    "secrets": ("SELECT name FROM public.tenants_storedsecret", "permission denied for table"),
    "statistics": ("SELECT agent FROM stats.agent_performance", "permission denied for schema"),
    "passwords": ("SELECT rolpassword FROM pg_authid", "permission denied for table"),
    "file": ("SELECT pg_read_file('/etc/hostname')", "permission denied for function"),
    "pin": ("INSERT INTO public.reading (tenant) VALUES ('{other}') RETURNING tenant::text", "INSERT is not allowed"),
    "delete": ("DELETE FROM {place}agents_execution RETURNING request", "DELETE is not allowed"),
    "delete in a CTE": (
        "WITH a AS (DELETE FROM {place}agents_execution RETURNING request) SELECT request FROM a",
        "not allowed in a non-volatile function",
    ),
    "delete inside": (f"SELECT {INNER}".replace("SELECT array", "DELETE").replace("_to_tsvector(ARRAY[request])", ""), "cannot open DELETE"),
    "table": ("SELECT 'a' INTO mine", "SELECT INTO query does not return tuples"),
    "sleep": ("SELECT pg_sleep(60)::text", "statement timeout"),
    "sleep without a limit": (
        "SELECT set_config('statement_timeout', '0', true) || pg_sleep(60)::text",
        "statement timeout",
    ),
    "end a session": ("SELECT pg_terminate_backend(pg_backend_pid())::text", "permission denied to terminate"),
}  # fmt: skip


@pytest.fixture(params=["pool", "silo"])
def place(request, tenant, other_tenant, silo):
    """Two tenants with an execution each, in the shared tables or in schemas of their own; names the other's place."""
    for one, text in ((tenant, OWN), (other_tenant, FOREIGN)):
        with tenant_context(one):
            submission.submit(text, requested_by="user:test")
    if request.param == "pool":
        yield other_tenant, ("", "public.")
        return
    own, other = silo(tenant), silo(other_tenant)
    with tenant_context(own):
        yield other, ("", f'"{other.schema_name}".')


def asked(text, *, within_ms=2_000):
    """Ask as the reader, and see that the connection is what it was."""
    before = _self()
    try:
        return reader.ask(text, within_ms=within_ms)
    finally:
        assert _self() == before


def _self():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, current_setting('app.tenant_id'), current_setting('transaction_read_only')"
        )
        return cursor.fetchone()


def test_no_text_shows_another_tenant(place):
    """Whatever the text sets, the rows are those of the tenant that asked, in its own place and in the other's."""
    other, schemas = place
    for name, text in SHOWS_ITS_OWN.items():
        for schema in schemas:
            told = " ".join(row or "" for row in asked(text.format(place=schema, other=other.pk)))
            assert FOREIGN not in told, name
    assert asked("SELECT request FROM agents_execution") == [OWN]
    with tenant_context(other):
        assert asked("SELECT request FROM agents_execution") == [FOREIGN]


def test_no_text_does_what_a_reader_may_not(place):
    """No role is left, nothing else is read, nothing is written, and time is over when it is over."""
    other, (_, schema) = place
    for name, (text, words) in REFUSED.items():
        within_ms = 300 if "sleep" in name else 20_000
        with pytest.raises(DatabaseError, match=words):
            asked(text.format(place=schema, other=other.pk), within_ms=within_ms)


def test_locks_do_not_outlast_the_question(tenant):
    """A lock of the session, which would keep others out for as long as the connection lives, is given back."""
    lock = "SELECT pg_advisory_lock(4711)::text"
    asked(lock)
    with pytest.raises(DatabaseError, match="division by zero"):
        asked(f"{lock} || (SELECT 1 / (SELECT count(*) FROM agents_execution))")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711")
        assert cursor.fetchone() == (0,)


def test_nothing_is_kept_of_a_question(tenant):
    """The row that names the tenant is never committed; without a tenant nothing can be asked."""
    asked("SELECT request FROM agents_execution")
    kept = "SELECT count(*) FROM public.reading"
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(kept)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(kept)
        assert cursor.fetchone() == (0,)
    with schema_context("public"), pytest.raises(DatabaseError, match="null value"):
        reader.ask("SELECT request FROM agents_execution", within_ms=2_000)


def test_each_table_on_offer_is_read(place):
    """The rights of the reader reach what the tool offers: no question fails for a column that is in the list."""
    for name in TABLES:
        reader.ask(_wrapped(f"SELECT * FROM {name}"), within_ms=2_000)
