"""Secrets at rest: what opens, what stays shut, and how keys are changed while everything runs."""

import base64

import pytest
from django.core.management import call_command
from django.db import connection
from django_tenants.utils import tenant_context
from hypothesis import given
from hypothesis import strategies as st

from miosa.environment import InvalidEnvironment, read
from miosa.http.problem import NotFound, Unprocessable
from tenants import vault
from tenants.models import AuditEntry, StoredSecret
from tenants.tests.master_keys import NEW, OLD, keys

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@given(st.binary(max_size=200), st.text(max_size=30), st.integers(0, 10_000))
def test_a_value_opens_for_its_purpose_and_no_other(plain, purpose, place):
    """Another purpose, or one changed bit anywhere, and it stays shut."""
    key_id, closed = vault.seal(plain, purpose=purpose)
    assert vault.open_sealed(key_id, closed, purpose=purpose) == plain
    flipped = bytearray(closed)
    flipped[place % len(closed)] ^= 1 << place % 8
    for wrong in ((closed, purpose + "x"), (bytes(flipped), purpose), (closed[:5], purpose), (b"", purpose)):
        with pytest.raises(vault.CannotOpen):
            vault.open_sealed(key_id, wrong[0], purpose=wrong[1])


def test_a_secret_is_read_back_and_lies_sealed(tenant):
    """The table holds neither the value nor anything that repeats with it."""
    vault.put("provider/groq", "gsk-canary-value")
    first = bytes(StoredSecret.objects.get().sealed)
    assert vault.read("provider/groq") == b"gsk-canary-value"
    vault.put("provider/groq", "gsk-canary-value")
    assert b"canary" not in first
    assert bytes(StoredSecret.objects.get().sealed) != first
    assert vault.read("provider/none") is None


def test_a_row_copied_to_another_name_or_tenant_stays_shut(tenant, other_tenant):
    """The value is bound to both, whoever rules the database."""
    vault.put("provider/groq", "a")
    row = StoredSecret.objects.get()
    StoredSecret.objects.create(name="provider/kimi", key_id=row.key_id, sealed=row.sealed)
    with pytest.raises(vault.CannotOpen):
        vault.read("provider/kimi")
    with tenant_context(other_tenant):
        StoredSecret.objects.create(name="provider/groq", key_id=row.key_id, sealed=row.sealed)
        with pytest.raises(vault.CannotOpen, match="changed"):
            vault.read("provider/groq")


def test_what_the_derived_key_sealed_opens_when_keys_are_given(tenant):
    """Setting MIOSA_SECRET_KEYS for the first time loses nothing."""
    vault.put("provider/groq", "a")
    with keys(OLD):
        assert vault.read("provider/groq") == b"a"
        assert vault.put("provider/groq", "b").key_id == "old"


def test_setting_and_deleting_is_recorded_without_the_value(tenant):
    """The log names the secret and its key, and nothing of what it holds."""
    vault.put("provider/groq", "one")
    vault.put("provider/groq", "two")
    vault.forget("provider/groq")
    entries = AuditEntry.objects.order_by("number")
    assert [entry.action for entry in entries] == ["secret.stored", "secret.replaced", "secret.deleted"]
    assert {entry.object_id for entry in entries} == {"provider/groq"}


@pytest.mark.parametrize(
    "name", ["", "groq", "provider/", "/groq", "provider//x", "Provider/x", "a/../b", "a/b\n"]
)
def test_a_name_says_what_it_is_for(tenant, name):
    """Anything else is refused before something is stored."""
    with pytest.raises(Unprocessable):
        vault.put(name, "x")
    assert not StoredSecret.objects.exists()


def test_what_is_not_there_cannot_be_deleted(tenant, other_tenant):
    """The neighbour's neither."""
    with tenant_context(other_tenant):
        vault.put("provider/groq", "x")
    with pytest.raises(NotFound):
        vault.forget("provider/groq")


RANDOM = NEW.partition(":")[2]


@pytest.mark.parametrize(
    "text",
    [
        RANDOM,
        "k1:",
        "k1:abc",
        "jwt:" + RANDOM,
        "K1:" + RANDOM,
        "a-much-too-long-identifier:" + RANDOM,
        f"k1:{RANDOM},k1:{OLD.partition(':')[2]}",
        f"k1:{RANDOM},k2:{RANDOM}",
        "k1:" + base64.b64encode(bytes(32)).decode(),
        "k1:" + base64.b64encode(bytes(range(200, 232))).decode(),
        "k1:" + base64.b64encode(b"correct horse battery staple 123").decode(),
        "k1:" + base64.b64encode(bytes.fromhex("8f1d") * 16).decode(),
        "k1:" + base64.b64encode(bytes.fromhex(OLD.encode().hex()[:62])).decode(),
    ],
)
def test_weak_and_double_keys_are_refused(text):
    """Short, guessable, without an id or twice: the process does not start, and the message repeats no key."""
    with pytest.raises(InvalidEnvironment) as refusal:
        read({"MIOSA_SECRET_KEYS": text})
    assert "MIOSA_SECRET_KEYS" in str(refusal.value)
    assert RANDOM not in str(refusal.value)


def test_a_fresh_key_is_one_that_is_accepted(capsys):
    """What the command prints can be put in front of the variable as it is."""
    call_command("secrets", "new-key")
    made = capsys.readouterr().out.strip()
    environment = read({"MIOSA_SECRET_KEYS": f"{made},{OLD}"})
    assert environment.secret_keys == (made, OLD)
    assert made.partition(":")[2] not in repr(environment)


def test_the_database_never_sees_a_value(tenant):
    """No statement carries it: what the server logs or shows holds the sealed form only."""
    seen = []

    def note(execute, sql, params, many, context):
        seen.append(repr((sql, params)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        vault.put("provider/groq", "canary-of-the-vault")
        assert vault.read("provider/groq") == b"canary-of-the-vault"
    assert seen
    assert not any("canary-of-the-vault" in one for one in seen)
