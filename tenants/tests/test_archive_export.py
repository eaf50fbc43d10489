"""An archive is one moment of one tenant, is there whole or not at all, and holds no credential."""

import json
import signal
import stat
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, connections, models
from django_tenants.utils import tenant_context

from agents.models import Execution
from miosa.embedded.processes import until
from miosa.pg.tenant_entry import LOCKS
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill
from tenants import api_keys
from tenants.archive import rows, writing
from tenants.archive.errors import ArchiveRefused
from tenants.archive.exporting import export
from tenants.archive.snapshot import snapshot
from tenants.archive.tables import LEFT_BEHIND, LISTED, WITHOUT, tables
from tenants.models import AuditEntry, StoredSecret, User
from tenants.owned import TenantOwned
from tenants.tests.archives import SECRET, contents, lived_in, people, rows_in
from tenants.tests.moving import command, holding, waited_for

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

MANY = """
INSERT INTO agents_executionevent (id, execution_id, number, kind, data, created)
SELECT uuidv7(), %s, 1000 + n, 'note', jsonb_build_object('text', repeat(md5(n::text), 30)), now()
FROM generate_series(1, 20000) n"""
LOCK_A_TABLE = "LOCK TABLE billing_budget IN ACCESS EXCLUSIVE MODE"
WAITS_FOR_TABLE = """
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE NOT granted AND relation = 'billing_budget'::regclass AND mode = 'AccessShareLock'"""
MOST_MEMORY_BYTES = 16_000_000


def test_it_is_one_moment_of_a_tenant_that_works_on(tmp_path):
    """What is written after the snapshot was taken is in no table of it, and nobody waits for the export."""
    acme = lived_in("acme")
    with snapshot(acme) as taken:
        fill(acme, 2)
        found = {table.name: len(list(rows.lines(taken.connection, table, acme.pk))) for table in tables()}
    assert found["agents_execution"] == found["agents_step"] == found["routing_decision"] == 1
    export(acme, tmp_path / "later.zip")
    assert len(rows_in(tmp_path / "later.zip", "agents_step")) == 2


def test_it_holds_nobody_elses_rows(tmp_path):
    """The neighbour's ids, people and host names are not in it."""
    acme, globex = lived_in("acme"), lived_in("globex")
    export(acme, tmp_path / "a.zip")
    text = json.dumps(contents(tmp_path / "a.zip"))
    assert str(acme.pk) in text
    assert str(globex.pk) not in text
    assert "globex" not in text


def test_it_takes_little_memory_for_many_rows(tmp_path):
    """20,000 rows, some 20 MB of text, are written and read back in a small part of that."""
    acme = open_tenant("acme")
    execution = fill(acme)
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute(MANY, [execution.pk])
    tracemalloc.start()
    try:
        made = export(acme, tmp_path / "a.zip")
        out_peak = tracemalloc.get_traced_memory()[1]
        call_command("tenants", "erase", "acme", "--yes")
        tracemalloc.reset_peak()
        call_command("tenants", "import", str(tmp_path / "a.zip"))
        in_peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    events = next(file for file in made.manifest.files if file.table == "agents_executionevent")
    assert events.rows == 20_001
    assert events.bytes > 20_000_000
    assert max(out_peak, in_peak) < MOST_MEMORY_BYTES, (out_peak, in_peak)


def test_only_its_owner_may_read_the_file(tmp_path):
    """Mode 0600, whatever the umask is."""
    export(lived_in("acme"), tmp_path / "a.zip")
    assert stat.S_IMODE((tmp_path / "a.zip").stat().st_mode) == 0o600


def test_it_overwrites_only_when_forced(tmp_path):
    """A file that is there stays as it is; --force takes its place at once."""
    lived_in("acme")
    path = tmp_path / "a.zip"
    path.write_text("precious")
    with pytest.raises(CommandError, match="--force"):
        call_command("tenants", "export", "acme", str(path))
    assert path.read_text() == "precious"
    call_command("tenants", "export", "acme", str(path), "--force")
    assert rows_in(path, "agents_execution")


def test_a_file_that_comes_meanwhile_is_not_overwritten(tmp_path):
    """Between the first look and the end somebody else may have used the name."""
    theirs = tmp_path / "a"
    with pytest.raises(ArchiveRefused, match="there already"), writing.drafted(theirs, force=False):
        theirs.write_text("theirs")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["theirs"]


def test_a_failed_export_leaves_nothing_behind(tmp_path):
    """The database goes away in the middle: one line, no file, and no entry that says it was exported."""
    acme = lived_in("acme")
    with holding("owner", LOCK_A_TABLE), ThreadPoolExecutor(1) as pool:
        exported = pool.submit(in_own_thread, export, acme, tmp_path / "a.zip")
        assert until(lambda: cut_off(WAITS_FOR_TABLE), timeout_s=30)
        with pytest.raises(ArchiveRefused, match="no archive was made") as refusal:
            exported.result(timeout=30)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
    with tenant_context(acme):
        assert not AuditEntry.objects.filter(action="tenant.exported").exists()


def test_a_stopped_export_leaves_nothing_behind(tmp_path):
    """SIGTERM in the middle: the process ends, and its draft is gone."""
    lived_in("acme")
    with holding("owner", LOCK_A_TABLE) as pid, command("export", "acme", str(tmp_path / "a.zip")) as process:
        assert waited_for(pid)
        assert len(list(tmp_path.iterdir())) == 1
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def in_own_thread(work, *arguments):
    """Run work and close the thread's connections."""
    try:
        return work(*arguments)
    finally:
        connections.close_all()


def cut_off(who):
    """End the server processes that a query names; tell whether there was one."""
    with connection.cursor() as cursor:
        cursor.execute(who)
        return bool(cursor.fetchall())


@pytest.mark.parametrize("place", ["missing/a.zip", "file/a.zip", "folder"])
def test_a_place_that_cannot_be_written_is_one_line(tmp_path, place):
    """The operator reads what is wrong instead of a traceback."""
    lived_in("acme")
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CommandError) as refusal:
        call_command("tenants", "export", "acme", str(tmp_path / place))
    assert "\n" not in str(refusal.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_an_unknown_tenant_is_one_line(tmp_path):
    """Nothing is written for it."""
    with pytest.raises(CommandError, match="There is no tenant nobody"):
        call_command("tenants", "export", "nobody", str(tmp_path / "a.zip"))
    assert list(tmp_path.iterdir()) == []


def test_a_tenant_that_moves_is_not_exported(tmp_path):
    """While a move holds the tenant the export says so and leaves nothing."""
    acme = lived_in("acme")
    moving = ("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCKS, str(acme.pk)])
    with holding("owner", *moving), pytest.raises(ArchiveRefused, match="being moved"):
        export(acme, tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_it_is_recorded_in_the_tenants_log(tmp_path):
    """Who reads the log sees that everything was taken out, and which file it was."""
    acme = lived_in("acme")
    made = export(acme, tmp_path / "a.zip")
    with tenant_context(acme):
        entry = AuditEntry.objects.latest("number")
    assert (entry.action, entry.after["archive_sha256"]) == ("tenant.exported", made.sha256)


def test_no_credential_is_in_it(tmp_path):
    """Neither passwords and digests nor sealed values, sessions, and answers that held a key."""
    acme = lived_in("acme")
    with tenant_context(acme):
        key, plain = api_keys.make("another", scopes=["executions:read"])
        sealed = StoredSecret.objects.get(name="provider/groq").sealed
    export(acme, tmp_path / "a.zip")
    text = json.dumps(contents(tmp_path / "a.zip"))
    password = people()["owner@acme.example"].password
    for secret in (
        plain, bytes(key.digest).hex(), bytes(sealed).hex(), SECRET.decode(), password, b"r".hex() * 32,
        b"i".hex() * 32, "miosa_plain", "2001:db8::1",
    ):  # fmt: skip
        assert secret not in text, secret
    assert "provider/groq" in text


def test_every_column_that_could_be_a_credential_was_decided():
    """A new table goes out whole; one with bytes, or a telling name, is named in tables.py or here."""
    harmless = {
        ("tenants_auditentry", "previous"),
        ("tenants_auditentry", "digest"),
        ("deployments_approval", "digest"),  # of what a person said yes or no to
        ("deployments_filecontent", "content"),  # files of projects, which are the tenant's own
        ("deployments_filecontent", "digest"),
        ("deployments_fileversion", "digest"),
        ("routing_cachedanswer", "digest"),  # of questions that the tenant itself asked
        ("routing_cachedanswer", "frame"),
        ("routing_knowncatalog", "digest"),  # of prices and windows that ship with the product
    }
    telling = ("digest", "sealed", "password", "token", "secret", "private")
    whole = {(table.name, column) for table in tables() if table.loaded for column in table.columns}
    found = {
        (model._meta.db_table, field.column)
        for model in (*owned_models(), User)
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.BinaryField) or field.column in telling
    }
    assert whole & found == harmless


def test_every_table_was_decided():
    """Each goes whole, in part, as a list or not at all; names in tables.py are those of tables."""
    names = {model._meta.db_table for model in owned_models()}
    assert {*LISTED, *LEFT_BEHIND, *WITHOUT} <= names
    assert {table.name for table in tables()} == (names - LEFT_BEHIND) | {"tenants_user", "tenants_domain"}


def owned_models():
    return [model for model in apps.get_models() if issubclass(model, TenantOwned) and model._meta.managed]


def test_the_same_rows_make_the_same_file_names_and_bytes(tmp_path):
    """Two exports of a tenant that rests differ in the time and the log only."""
    acme = lived_in("acme")
    export(acme, tmp_path / "a.zip")
    export(acme, tmp_path / "b.zip")
    first, second = contents(tmp_path / "a.zip"), contents(tmp_path / "b.zip")
    assert {name for name in first if first[name] != second[name]} == {"tenants_auditentry.jsonl"}
    assert Execution._meta.db_table + ".jsonl" in first
