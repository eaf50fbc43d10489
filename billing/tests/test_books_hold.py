"""The books agree after whatever happened, in whatever order and at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django_tenants.utils import tenant_context
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from billing import ledger
from billing.books import granting
from billing.books.balances import balances, credits_left
from billing.models import Account, Grant
from billing.tests.booking import give, left, use


@pytest.mark.django_db(transaction=True)
def test_charges_at_once_burn_each_micro_dollar_once(tenant):
    """Eight threads, two grants: what was granted is used to the last micro-dollar, and not more."""
    give("a", 500)
    give("b", 700)

    def work(thread):
        with tenant_context(tenant):
            for number in range(40):
                use(5, f"{thread}:{number}")
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert left() == {"a": 0, "b": 0}
    assert balances()[Account.USAGE] == 1600
    assert balances()[Account.OVERAGE] == 400
    assert set(credits_left().values()) == {0}


@pytest.mark.django_db(transaction=True)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("give"), st.integers(1, 50)),
            st.tuples(st.just("use"), st.integers(0, 80)),
            st.tuples(st.just("reverse"), st.integers(0, 20)),
            st.tuples(st.just("withdraw"), st.integers(1, 60)),
        ),
        max_size=14,
    )
)
def test_whatever_happens_the_books_agree(tenant, steps):
    """After any steps each grant holds what its postings say, and what was given went somewhere."""
    with transaction.atomic():
        entries, mark = [], uuid7()
        for number, (what, value) in enumerate(steps):
            name = f"{mark}:{number}"
            if what == "give":
                give(name, value)
            elif what == "use":
                entries.append(use(value, name))
            elif what == "reverse" and entries:
                ledger.reverse(entries.pop(value % len(entries)), why="test")
            elif what == "withdraw":
                granting.withdraw(Grant.Kind.PREPAID, value, source_id=name, why="test")
        here = dict(Grant.objects.values_list("pk", "remaining_micros"))
        assert credits_left() == here
        stands = balances()
        assert stands[Account.CREDITS] == sum(here.values())
        given_in_all = stands[Account.PREPAID] + stands[Account.ALLOWANCE] + stands[Account.PROMOTION]
        assert given_in_all + stands[Account.OVERAGE] == (
            stands[Account.CREDITS] + stands[Account.USAGE] + stands[Account.EXPIRED]
        )
        transaction.set_rollback(True)
