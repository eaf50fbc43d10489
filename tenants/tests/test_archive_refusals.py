"""Rows that are not this tenant's, or that the database forbids, take nothing of their archive in."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miosa.embedded.processes import until
from miosa.testing.fixtures import open_tenant
from tenants.archive.importing import import_
from tenants.tests.archives import archive, changed_row, forged, lived_in, refused, registry, whole
from tenants.tests.moving import command, holding, waited_for

__all__ = ["archive", "whole"]
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ONE_AFTER_ANOTHER = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ONE_AFTER_ANOTHER
@given(text=st.binary(max_size=500), table=st.sampled_from(["agents_step", "tenants_user", "tenants_apikey"]))
def test_any_other_rows_are_refused(archive, text, table):
    """A file of a table that holds anything else, with a manifest and a seal that agree with it."""
    refused(forged(archive, files={f"{table}.jsonl": text + b"x\n"}))


def test_a_tenant_that_is_here_is_not_brought_in_again(archive):
    """The same id is refused, also under another slug."""
    import_(archive)
    refused(archive, "is here already")
    refused(archive, "is here already", slug="acme-2")


def test_a_slug_that_is_taken_needs_a_new_one(archive):
    """`--slug` gives it, and nothing but the slug is another one."""
    open_tenant("acme")
    refused(archive, "--slug")
    call_command("tenants", "import", str(archive), "--slug", "acme-2")
    assert {"acme", "acme-2"} == {slug for _, slug in registry()}


@pytest.mark.parametrize("slug", ["a b", "../x", "a" * 49, "é"])
def test_a_slug_that_is_none_is_refused(archive, slug):
    """Before anything else is looked at."""
    refused(archive, "is no slug", slug=slug)


def test_a_host_name_that_is_taken_takes_nothing_in(archive):
    """The database's own rule, met at the end, leaves no row of the tables before."""
    with_domain = lived_in("globex")
    files = changed_row(archive, "tenants_domain", domain="globex.test")
    refused(forged(archive, files=files), "globex.test is taken")
    assert registry() == [(str(with_domain.pk), "globex")]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("agents_execution", {"confidence": "99"}),
        ("agents_execution", {"created": "yesterday, perhaps"}),
        ("agents_execution", {"parameters": "{"}),
        ("agents_step", {"execution_id": "01890000-0000-7000-8000-000000000000"}),
        ("agents_step", {"agent": "a" * 21}),
        ("agents_memoryvector", {"pattern": "[1,2]"}),
        ("agents_execution", {"request": None}),
        ("tenants_membership", {"role": "king"}),
    ],
)
def test_what_the_database_forbids_takes_nothing_in(archive, table, columns):
    """Ranges, types, lengths, references and roles hold for rows of an archive too."""
    refused(forged(archive, files=changed_row(archive, table, **columns)), "refuses a row")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("agents_execution", {"confidence": "7.125"}),
        ("agents_execution", {"parameters": '{"a":   1}'}),
        ("agents_execution", {"created": "2026-01-01 00:00:00+01"}),
    ],
)
def test_what_would_be_stored_otherwise_takes_nothing_in(archive, table, columns):
    """What is read back is not what the archive holds: rounding and spelling are not passed over."""
    refused(forged(archive, files=changed_row(archive, table, **columns)), "does not hold afterwards")


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("agents_step", {"tenant_id": "01890000-0000-7000-8000-000000000000"}),
        ("agents_step", {"tenant_id": None}),
        ("agents_step", {"purpose": "a\0b"}),
        ("agents_step", {"surprise": "x"}),
        ("agents_step", {"calls": 1}),
        ("tenants_membership", {"user_id": "01890000-0000-7000-8000-000000000000"}),
    ],
)
def test_a_row_that_is_not_of_this_tenant_is_refused(archive, table, columns):
    """Another tenant's, a stranger's membership, another form: seen before anything is written."""
    refused(forged(archive, files=changed_row(archive, table, **columns)), "Line 1 of")


def test_the_command_says_it_in_one_line(archive):
    """And ends with an error."""
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(CommandError, match="get a whole"):
        call_command("tenants", "import", str(archive))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("tenants", "import", str(archive.with_name("nothing")))


def test_a_killed_import_takes_nothing_in(archive):
    """The process dies while it writes: the transaction dies with it, and the archive can be imported after that."""
    with holding("owner", "LOCK TABLE agents_step IN SHARE MODE") as pid:
        with command("import", str(archive)) as process:
            assert waited_for(pid)
            process.kill()
    assert until(nobody_works, timeout_s=30)
    assert registry() == []
    assert import_(archive).rows["agents_step"] == 1


def nobody_works() -> bool:
    """Whether the database has noticed that the process is gone."""
    with connections["platform"].cursor() as cursor:
        cursor.execute(
            "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'miosa_owner' AND state <> 'idle'"
            " AND datname = current_database() AND backend_type = 'client backend')"
        )
        return bool(cursor.fetchone()[0])
