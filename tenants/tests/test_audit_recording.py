"""Who did what is written down once, in order, and never changed."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, connections, transaction
from django_tenants.utils import tenant_context

from miosa.http.client_address import address_scope
from miosa.http.request_id import request_id_scope
from miosa.pg.platform import platform
from tenants import audit
from tenants.audit.chain import START, digest_of
from tenants.audit.facts import CHANGED, told, told_both
from tenants.audit.verification import verify
from tenants.models import AuditEntry, PlatformAuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

THREADS = 64


def test_entries_are_numbered_and_chained(tenant):
    """1, 2, 3; each names the digest of the one before, and its own covers all columns."""
    made = [audit.record("plan.changed", actor="system", after={"plan": name}) for name in ("a", "b", "c")]
    kept = list(AuditEntry.objects.order_by("number"))
    assert [entry.number for entry in kept] == [1, 2, 3]
    assert [bytes(entry.previous) for entry in kept] == [START, *(entry.digest for entry in made[:2])]
    assert [digest_of(entry) for entry in kept] == [bytes(entry.digest) for entry in kept]


def test_who_where_and_for_which_request_is_taken_from_the_context(tenant):
    """The request's id and address are on the entry without anybody handing them on."""
    with request_id_scope("r-1"), address_scope("2001:db8::1"), audit.acting_as("user:7"):
        audit.record("plan.changed", actor=audit.current_actor())
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.request_id, entry.address) == ("user:7", "r-1", "2001:db8::1")


def test_the_platform_has_a_chain_of_its_own(tenant):
    """What belongs to no tenant is numbered apart from the tenants' entries."""
    audit.record("plan.changed", actor="system")
    audit.record_platform("secrets.rotated", actor="system")
    assert PlatformAuditEntry.objects.using("platform").get().number == 1


def test_nothing_is_recorded_outside_a_tenant(db):
    """The mistake is told at once instead of being written into nobody's log."""
    with pytest.raises(RuntimeError, match="record_platform"):
        audit.record("plan.changed", actor="system")


def test_64_threads_leave_an_unbroken_chain(tenant):
    """Whoever writes at the same time waits for the number before: no gap, no number twice, no fork."""
    start, failures = threading.Barrier(THREADS), []

    def write(number):
        try:
            with tenant_context(tenant):
                start.wait()
                for turn in range(3):
                    audit.record("plan.changed", actor=f"user:{number}", after={"turn": turn})
        except Exception as failure:  # noqa: BLE001  told below
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    verdict = verify(tenant.pk)
    assert (verdict.intact, verdict.entries) == (True, 3 * THREADS)


def test_a_rolled_back_entry_leaves_no_gap(tenant):
    """The number goes back with the change that was not made."""
    audit.record("plan.changed", actor="system")
    with transaction.atomic():
        audit.record("plan.changed", actor="system")
        transaction.set_rollback(True)
    assert audit.record("plan.changed", actor="system").number == 2


def test_both_logins_write_one_chain(tenant):
    """The platform's entry of a tenant follows on the tenant's own."""
    audit.record("plan.changed", actor="system")
    with platform():
        audit.record("admin.tenant_changed", actor="staff:1", tenant_id=tenant.pk)
    audit.record("plan.changed", actor="system")
    assert verify(tenant.pk).entries == 3


@pytest.mark.parametrize("first", ["platform", "default"])
def test_a_thread_does_not_wait_for_itself(tenant, first):
    """An entry on the second login goes with the first one's transaction, which holds the chain."""

    def on(alias):
        with platform(on=alias == "platform"):
            audit.record("plan.changed", actor="system", tenant_id=tenant.pk)

    second = {"platform": "default", "default": "platform"}[first]
    with transaction.atomic(using="platform"), transaction.atomic():
        on(first)
        on(second)
    assert verify(tenant.pk).entries == 2


@pytest.mark.parametrize("alias", ["default", "platform"])
@pytest.mark.parametrize(
    "deed",
    ["UPDATE {} SET actor = 'x'", "UPDATE {} SET number = number", "DELETE FROM {}", "TRUNCATE {}"],
)
@pytest.mark.parametrize("table", ["tenants_auditentry", "tenants_platformauditentry"])
def test_no_login_of_the_product_changes_an_entry(tenant, alias, deed, table):
    """The database refuses; tests alone may truncate, to clean up, and that right is taken away here."""
    audit.record("plan.changed", actor="system")
    audit.record_platform("secrets.rotated", actor="system")
    with psycopg.connect(
        settings.ENVIRONMENT.database_owner_url, dbname=connection.settings_dict["NAME"]
    ) as owner:
        owner.execute(f"REVOKE TRUNCATE ON {table} FROM miosa_app")
    try:
        with (
            pytest.raises(DatabaseError, match=r"append-only|permission denied"),
            transaction.atomic(using=alias),
        ):
            connections[alias].cursor().execute(deed.format(table))
    finally:
        with psycopg.connect(
            settings.ENVIRONMENT.database_owner_url, dbname=connection.settings_dict["NAME"]
        ) as owner:
            owner.execute(f"GRANT TRUNCATE ON {table} TO miosa_app")
    assert verify(tenant.pk).entries == verify(None).entries == 1


def test_no_login_is_given_truncate(db):
    """Outside of tests nobody but the owner of the tables may empty one: no default right says otherwise."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_default_acl, aclexplode(defaclacl) AS acl"
            " WHERE acl.privilege_type = 'TRUNCATE' AND acl.grantee <> defaclrole"
        )
        assert cursor.fetchone() == (0,)


def test_secrets_are_hidden_by_name_and_by_form():
    """Whatever stands under a secret's name, and credentials inside any text."""
    facts = told(
        {
            "password": "p1",
            "groqApiKey": "k",
            "max_tokens": 5,
            "headers": {"Authorization": "Bearer abcdefghijk", "Accept": "text/plain"},
            "note": "used miosa_0123456789abcdef0123456789abcdef_abc to call https://u:hunter2@host/",
            "list": [{"webhook_secret": "s"}],
        }
    )
    assert facts == {
        "password": "[hidden]",
        "groqApiKey": "[hidden]",
        "max_tokens": 5,
        "headers": {"Authorization": "[hidden]", "Accept": "text/plain"},
        "note": "used [hidden] to call https://u:[hidden]@host/",
        "list": [{"webhook_secret": "[hidden]"}],
    }


def test_a_hidden_value_says_that_it_changed():
    """Both sides are hidden, and the change is told all the same."""
    assert told_both({"password": "a"}, {"password": "b"})[1] == {"password": CHANGED}
    assert told_both({"password": "a"}, {"password": "a"})[1] == {"password": "[hidden]"}


def test_any_values_are_stored_as_they_are_signed(tenant):
    """What the database would write in another way is made plain before: the digest still fits afterwards."""
    odd = {
        "float": 1e22, "tiny": 1e-7, "nan": float("nan"), "big": 2**70, "nul": "a\0b", "half": "\ud800",
        "delta": timedelta(1), "bytes": b"ab", "set": {"b", "a"}, 5: None, "long": "x" * 9000,
    }  # fmt: skip
    audit.record("plan.changed", actor="system", after=odd)
    assert verify(tenant.pk).intact
    after = AuditEntry.objects.get().after
    assert (after["set"], after["big"], after["5"]) == (["a", "b"], str(2**70), None)
    assert "9000 characters" in after["long"]
