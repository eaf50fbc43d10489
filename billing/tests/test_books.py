"""Double entry: what does not balance cannot be written, credit burns in order, and the past can be asked."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from uuid_utils.compat import uuid7

from billing import ledger, subscriptions
from billing.books import charging
from billing.books.balances import balances, credits_left
from billing.books.facts import Fact
from billing.books.granting import Given
from billing.models import Account, Budget, Grant, LedgerEntry
from billing.plans import shipped
from billing.tests.booking import HOUR, give, left, paid_by, use
from miosa.http.problem import Conflict, NotFound


def test_credit_burns_by_priority_expiry_and_age(tenant):
    """What is given before what was paid, the sooner to expire before the later, the older before the younger."""
    soon, later = timezone.now() + HOUR, timezone.now() + 2 * HOUR
    give("old pack", 10)
    give("new pack", 10)
    give("pack until later", 10, expires=later)
    give("pack until soon", 10, expires=soon)
    give("promotion", 10, Grant.Kind.PROMOTION)
    give("allowance", 10, Grant.Kind.ALLOWANCE, expires=later)
    entry = use(55)
    assert list(paid_by(entry)) == [
        ("credits", name)
        for name in ["allowance", "promotion", "pack until soon", "pack until later", "old pack", "new pack"]
    ]
    assert left() == {
        "old pack": 0, "new pack": 5, "pack until later": 0, "pack until soon": 0, "promotion": 0, "allowance": 0,
    }  # fmt: skip


def test_what_no_credit_covers_is_overage(tenant):
    """A charge takes what is left and owes the rest."""
    give("pack", 3)
    assert paid_by(use(10)) == {("credits", "pack"): 3, ("overage", None): 7}
    assert balances() == {
        Account.CREDITS: 0, Account.USAGE: 10, Account.OVERAGE: 7, Account.INVOICED: 0, Account.ALLOWANCE: 0,
        Account.PREPAID: 3, Account.PROMOTION: 0, Account.EXPIRED: 0,
    }  # fmt: skip


def test_future_and_expired_credit_does_not_burn(tenant):
    """Only what is in effect pays."""
    give("tomorrow", 10, effective=timezone.now() + HOUR)
    gone = give("yesterday", 10, effective=timezone.now() - 2 * HOUR, expires=timezone.now() + HOUR)
    Grant.objects.filter(pk=gone.pk).update(expires=timezone.now() - HOUR)
    assert paid_by(use(4)) == {("overage", None): 4}


def test_a_batch_burns_in_its_order(tenant):
    """Facts of one statement are paid one after the other."""
    give("a", 5)
    give("b", 5)
    facts = [Fact("tokens", 1, cost, "test", str(number)) for number, cost in enumerate([4, 0, 3, 6])]
    entries = list(charging.charge(facts))
    assert [paid_by(entry) for entry in entries] == [
        {("credits", "a"): 4},
        {},
        {("credits", "a"): 1, ("credits", "b"): 2},
        {("credits", "b"): 3, ("overage", None): 3},
    ]


def test_the_same_grant_is_given_once(tenant):
    """The same cause again is the same grant."""
    assert give("pack", 5).pk == give("pack", 9).pk
    assert balances()[Account.CREDITS] == 5


@pytest.mark.parametrize("micros", [0, -1])
def test_nothing_is_no_grant(tenant, micros):
    """It is refused, and so is one that has expired already."""
    with pytest.raises(ValueError, match="more than nothing"):
        give("none", micros)
    with pytest.raises(ValueError, match="expires after"):
        give("late", 1, expires=timezone.now() - HOUR)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_expiry_is_an_entry(tenant):
    """What is left at the moment of expiry goes to expired credit, dated there; the budget no longer holds it."""
    row = subscriptions.give(
        Given(Grant.Kind.PREPAID, 10, "pack", "test", "pack", expires=timezone.now() + HOUR)
    )
    cap = Budget.objects.get().cap_micros
    granting_moment = timezone.now()
    Grant.objects.update(priority=10)
    Grant.objects.filter(pk=row.pk).update(priority=1)
    use(4)
    ended = timezone.now()
    Grant.objects.filter(pk=row.pk).update(expires=ended)
    assert subscriptions.expire_due() == 1
    assert subscriptions.expire_due() == 0
    assert balances()[Account.EXPIRED] == 6
    assert balances(granting_moment)[Account.EXPIRED] == 0
    assert credits_left()[row.pk] == 0
    assert LedgerEntry.objects.get(meter="expiry").created == ended
    assert Budget.objects.get().cap_micros == cap - 6


def test_the_past_can_be_asked(tenant):
    """Balances of any moment; what happened later is not in them."""
    give("pack", 10)
    moments = []
    for number in range(3):
        use(2, f"{number}")
        moments.append(timezone.now())
    assert [balances(moment)[Account.CREDITS] for moment in moments] == [8, 6, 4]


def test_a_reversal_gives_back_to_the_grants_that_paid(tenant):
    """The mirrored postings; once, and not of itself, of a grant, or of nothing."""
    give("pack", 3)
    entry = use(10)
    undone = ledger.reverse(entry, why="sent twice")
    assert (undone.quantity, undone.cost_micros, undone.reverses_id) == (-1, -10, entry)
    assert left()["pack"] == 3
    assert balances()[Account.USAGE] == balances()[Account.OVERAGE] == 0
    for wrong, why in [
        (entry, "already"),
        (undone.pk, "takes another"),
        (LedgerEntry.objects.filter(source="grant").first().pk, "moves credit"),
    ]:
        with pytest.raises(Conflict, match=why):
            ledger.reverse(wrong, why="again")
    with pytest.raises(NotFound):
        ledger.reverse(uuid7(), why="none")


ENTRY = """
INSERT INTO billing_ledgerentry (id, tenant_id, meter, quantity, cost_micros, source, source_id, model, agent,
  description, details, created)
SELECT uuidv7(), tenant_id, 'tokens', 1, 5, 'x', 'x', '', '', '', '{}', now() FROM billing_posting LIMIT 1"""


def posted(values):
    return (
        "INSERT INTO billing_posting (id, tenant_id, entry_id, created, debit, credit, grant_id, amount_micros)"
        f" SELECT uuidv7(), tenant_id, entry_id, created, {values} FROM billing_posting LIMIT 1"
    )


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("UPDATE billing_posting SET amount_micros = 1", "append-only"),
        ("DELETE FROM billing_posting", "append-only"),
        (
            posted("'overage', 'usage', NULL, 1"),
            "do not add up",
        ),
        (
            ENTRY,
            "would not balance",
        ),
        (
            posted("'credits', 'credits', grant_id, 1"),
            "posting_between_two_accounts",
        ),
        (
            posted("'credits', 'expired', NULL, 1"),
            "posting_of_credit_names_grant",
        ),
        (
            posted("'prepaid', 'credits', grant_id, -1"),
            "posting_of_something",
        ),
    ],
    ids=["update", "delete", "one leg more", "no legs", "one account", "credit of no grant", "negative"],
)  # fmt: skip
def test_the_database_refuses(tenant, statement, why):
    """What would change, delete or unbalance."""
    give("pack", 10)
    use(1)
    before = balances()
    with pytest.raises(DatabaseError, match=why), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert balances() == before


def test_a_change_of_plan_moves_the_allowance(tenant):
    """The larger plan's allowance is there at once; back on the smaller one, what was not used is withdrawn."""
    subscriptions.current_budget()
    free, pro = shipped()["free"].allowance_micros, shipped()["pro"].allowance_micros
    assert balances()[Account.CREDITS] == free
    subscriptions.subscribe("pro")
    assert balances()[Account.CREDITS] == Budget.objects.get().cap_micros == pro
    use(3)
    subscriptions.subscribe("free")
    assert balances()[Account.CREDITS] == free - 3
    assert Budget.objects.get().cap_micros == free


def test_a_month_opens_with_what_is_left_of_packs(tenant):
    """Prepaid credit raises the cap of this month and of the next."""
    subscriptions.give(Given(Grant.Kind.PREPAID, 50, "pack", "test", "pack"))
    cap = shipped()["free"].allowance_micros + 50
    assert Budget.objects.get().cap_micros == cap
    Budget.objects.update(month="2020-01-01")
    Grant.objects.filter(kind="allowance").update(source_id="2020-01-01")
    assert subscriptions.current_budget().cap_micros == cap


def test_what_nothing_was_set_aside_for_counts_in_the_budget(tenant):
    """Hosting has no end and no reservation; it is charged all the same."""
    ledger.post("hosting_s", 60, cost_micros=9, source="test", source_id="1", reserved=False)
    ledger.post("hosting_s", 60, cost_micros=9, source="test", source_id="1", reserved=False)
    assert Budget.objects.get().spent_micros == 9
    ledger.reverse(LedgerEntry.objects.get(meter="hosting_s").pk, why="it was down")
    assert Budget.objects.get().spent_micros == 0
