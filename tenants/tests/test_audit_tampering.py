"""Whoever rules the database and edits the log is found out, and the first bad number is named."""

import json
from dataclasses import replace

import psycopg
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from miosa.testing.fixtures import open_tenant
from tenants import audit
from tenants.audit import anchors
from tenants.audit.anchoring import anchor_heads
from tenants.audit.recording import record
from tenants.audit.verification import verify
from tenants.models import AuditEntry, PlatformAuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

ENTRIES = 7


@pytest.fixture(autouse=True)
def own_anchors(settings, tmp_path):
    """Anchors of other databases than this test's say nothing here."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, state_dir=tmp_path)


def as_owner(*statements, **values):
    """What somebody with the owner's login does: the trigger off, the rows changed, the trigger on again."""
    url = django_settings.ENVIRONMENT.database_owner_url
    with psycopg.connect(url, dbname=connection.settings_dict["NAME"]) as login:
        for table in ("tenants_auditentry", "tenants_platformauditentry"):
            login.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
            login.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        for statement in statements:
            login.execute(statement, values)
        login.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("tenants_auditentry", "tenants_platformauditentry"):
            login.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")
        login.execute("ALTER TABLE tenants_auditentry FORCE ROW LEVEL SECURITY")


def written(tenant):
    """Give the tenant a few entries, in a chain of their own."""
    for number in range(ENTRIES):
        record(
            "limit.changed",
            actor="user:1",
            object_type="tenant",
            object_id=str(number),
            before={"limit": number, "share": 0.1 * number},
            after={"limit": number + 1, "names": ["a", "b"], "note": "ü\u2028\0"},
        )


@pytest.fixture
def chain(tenant):
    written(tenant)
    assert verify(tenant.pk).intact
    return tenant


AT = "tenant_id = %(tenant)s AND number = %(n)s"
CHANGES = {
    "action": "action = 'limit.kept'",
    "actor": "actor = 'user:2'",
    "object_type": "object_type = 'x'",
    "object_id": "object_id = 'x'",
    "before": "before = before || '{\"limit\": 99}'",
    "after": "after = NULL",
    "after's text": "after = jsonb_set(after, '{names,0}', '\"c\"')",
    "request_id": "request_id = 'r'",
    "address": "address = '10.0.0.1'",
    "created": "created = created + interval '1 microsecond'",
    "id": "id = gen_random_uuid()",
    "previous": "previous = decode(repeat('ab', 32), 'hex')",
    "digest": "digest = decode(repeat('cd', 32), 'hex')",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_column_is_found(chain, column):
    """Every column is covered."""
    as_owner(f"UPDATE tenants_auditentry SET {CHANGES[column]} WHERE {AT}", tenant=chain.pk, n=4)
    verdict = verify(chain.pk)
    assert (verdict.number, verdict.entries) == (4, 3)
    assert "number 4" in verdict.fault


TAMPERING = st.tuples(
    st.sampled_from(["change", "remove", "swap", "insert", "move", "replace"]),
    st.integers(1, ENTRIES - 1),
    st.sampled_from(sorted(CHANGES)),
)


@pytest.fixture
def neighbour(db):
    from django_tenants.utils import tenant_context

    other = open_tenant("globex")
    with tenant_context(other):
        written(other)
    return other


@trials(
    max_examples=40, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(tampering=TAMPERING)
def test_any_tampering_in_the_middle_is_found_at_its_first_bad_number(chain, neighbour, tampering):
    """Changed, removed, swapped, forged in, moved between tenants or written anew: the walk stops there."""
    kind, number, column = tampering
    values = {"tenant": chain.pk, "n": number, "other": neighbour.pk}
    as_owner("DROP TABLE IF EXISTS saved", "CREATE TABLE saved AS SELECT * FROM tenants_auditentry")
    try:
        as_owner(*DEEDS[kind](CHANGES[column]), **values)
        verdict = verify(chain.pk)
        assert verdict.number == number, (tampering, verdict)
        assert verdict.fault
    finally:
        as_owner(
            "DELETE FROM tenants_auditentry",
            "INSERT INTO tenants_auditentry SELECT * FROM saved",
            "DROP TABLE saved",
        )
    assert verify(chain.pk).intact
    assert verify(neighbour.pk).intact


FORGED = """INSERT INTO tenants_auditentry SELECT (jsonb_populate_record(e, jsonb_build_object(
  'id', gen_random_uuid(), 'number', %(n)s, 'action', 'forged'))).* FROM tenants_auditentry e
  WHERE tenant_id = %(tenant)s AND number = %(n)s + 1"""
UP = "UPDATE tenants_auditentry SET number = -number - 1 WHERE tenant_id = %(tenant)s AND number >= %(n)s"
TURN = "UPDATE tenants_auditentry SET number = -number WHERE tenant_id = %(tenant)s AND number < 0"
REMOVE = f"DELETE FROM tenants_auditentry WHERE {AT}"
DEEDS = {
    "change": lambda change: [f"UPDATE tenants_auditentry SET {change} WHERE {AT}"],
    "remove": lambda _: [REMOVE],
    "swap": lambda _: [
        f"UPDATE tenants_auditentry SET number = 1000 WHERE {AT}",
        "UPDATE tenants_auditentry SET number = %(n)s WHERE tenant_id = %(tenant)s AND number = %(n)s + 1",
        "UPDATE tenants_auditentry SET number = %(n)s + 1 WHERE tenant_id = %(tenant)s AND number = 1000",
    ],
    "insert": lambda _: [UP, TURN, FORGED],
    "move": lambda _: [
        REMOVE,
        f"UPDATE tenants_auditentry SET tenant_id = %(tenant)s WHERE {AT.replace('(tenant)', '(other)')}",
    ],
    "replace": lambda _: [
        REMOVE,
        f"""INSERT INTO tenants_auditentry SELECT (jsonb_populate_record(e, jsonb_build_object(
          'id', gen_random_uuid(), 'tenant_id', %(tenant)s::text))).* FROM tenants_auditentry e
          WHERE {AT.replace("(tenant)", "(other)")}""",
    ],
}


@pytest.mark.parametrize("cut", range(1, ENTRIES + 1))
def test_the_newest_entries_cut_off_are_found_by_an_anchor(chain, cut):
    """The chain alone does not show it; a head that was kept outside does, and names the first number that is gone."""
    heads = anchors.heads()
    as_owner("DELETE FROM tenants_auditentry WHERE tenant_id = %(tenant)s AND number > %(n)s",
             tenant=chain.pk, n=ENTRIES - cut)  # fmt: skip
    assert verify(chain.pk).intact
    verdict = verify(chain.pk, anchors=heads)
    assert verdict.number == ENTRIES - cut + 1
    assert "newest" in verdict.fault


def test_a_log_written_anew_with_the_right_key_differs_from_its_anchor(chain):
    """Who has the key too and replaces the end of the log does not have the anchors."""
    heads = anchors.heads()
    as_owner(
        "DELETE FROM tenants_auditentry WHERE tenant_id = %(tenant)s AND number = %(n)s",
        tenant=chain.pk,
        n=ENTRIES,
    )
    record("limit.kept", actor="user:1")
    assert verify(chain.pk).intact
    assert verify(chain.pk, anchors=heads).number == ENTRIES


def test_an_emptied_table_is_found(chain):
    """TRUNCATE leaves nothing to walk, and the anchors say what was there."""
    heads = anchors.heads()
    as_owner("TRUNCATE tenants_auditentry")
    assert verify(chain.pk, anchors=heads).number == 1


def test_the_platforms_chain_is_verified_likewise(chain):
    """A changed entry of the platform is found."""
    for name in ("a", "b", "c"):
        audit.record_platform("secrets.rotated", actor="system", after={"key": name, "count": 1})
    assert verify(None) == verify(None, anchors=anchors.heads())
    assert verify(None).entries == PlatformAuditEntry.objects.using("platform").count() == 3
    as_owner("UPDATE tenants_platformauditentry SET actor = 'staff:1' WHERE number = 2")
    assert verify(None).number == 2


def test_the_command_names_the_chain_and_the_number(chain, capsys, tmp_path):
    """`audit verify` says which log is broken, where and how, and ends with 1."""
    file = tmp_path / "kept.jsonl"
    call_command("audit", "anchor")
    file.write_text(capsys.readouterr().out)
    call_command("audit", "verify", "acme", "--anchors", str(file))
    assert capsys.readouterr().out == f"acme: whole, {ENTRIES} entries\n"
    as_owner(f"UPDATE tenants_auditentry SET actor = 'x' WHERE {AT}", tenant=chain.pk, n=2)
    with pytest.raises(SystemExit) as end:
        call_command("audit", "verify", "--json")
    assert end.value.code == 1
    told = {line["name"]: line for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert told["platform"]["intact"]
    assert told["acme"]["number"] == 2


def test_a_line_of_anchors_that_was_changed_is_not_believed(chain, tmp_path):
    """Nothing is verified by a file that somebody edited."""
    (head,) = [one for one in anchors.heads() if one.chain == str(chain.pk)]
    file = tmp_path / "kept.jsonl"
    file.write_text(head.line() + "\n" + head.line().replace(f'"number": {ENTRIES}', '"number": 1') + "\n")
    with pytest.raises(CommandError, match="line 2"):
        call_command("audit", "verify", "acme", "--anchors", str(file))


def test_the_anchors_are_appended_when_a_chain_has_grown(chain):
    """The task writes a line for each chain with something new, and none for the others."""
    cache.clear()
    assert [head.number for head in anchor_heads() if head.chain == str(chain.pk)] == [ENTRIES]
    assert anchor_heads() == []
    record("limit.changed", actor="system")
    assert [head.number for head in anchor_heads()] == [ENTRIES + 1]
    kept = [anchor for anchor in anchors.read(anchors.place()) if anchor.chain == str(chain.pk)]
    assert [anchor.number for anchor in kept] == [ENTRIES, ENTRIES + 1]
    assert anchors.place().stat().st_mode & 0o077 == 0
    assert AuditEntry.objects.count() == ENTRIES + 1
