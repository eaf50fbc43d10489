"""The ledger counts each cause once and forgets nothing."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from billing import ledger
from billing.books.balances import balances
from billing.models import Account, LedgerEntry


def post(source_id="1", **values):
    defaults = {"cost_micros": 5, "source": "model_call", "source_id": source_id}
    ledger.post("tokens", 100, **(defaults | values))
    return LedgerEntry.objects.get(source="model_call", source_id=source_id)


def test_it_works(tenant):
    """An entry is written for the tenant at hand."""
    entry = post(model="m", agent="quality", tokens=ledger.Tokens(60, 30, 10))
    assert (entry.tenant_id, entry.quantity, entry.cost_micros) == (tenant.pk, 100, 5)
    assert (entry.input_tokens, entry.cached_tokens, entry.output_tokens) == (60, 30, 10)


def test_it_counts_a_cause_once(tenant):
    """The same source and id again is the same entry, with its first numbers, and burns nothing."""
    assert post().pk == post(cost_micros=99).pk
    assert LedgerEntry.objects.get(meter="tokens").cost_micros == 5
    assert balances()[Account.USAGE] == 5


def test_it_lets_two_tenants_use_the_same_cause(tenant, other_tenant, in_tenant):
    """Uniqueness ends at the tenant: nobody learns of another's entries by a conflict."""
    post()
    with in_tenant(other_tenant):
        post()
        assert LedgerEntry.objects.filter(meter="tokens").count() == 1


@pytest.mark.parametrize(
    "change",
    [lambda rows: rows.update(cost_micros=0), lambda rows: rows._raw_delete(rows.db)],
    ids=["update", "delete"],
)
def test_it_is_append_only(tenant, change):
    """The database itself refuses UPDATE and DELETE."""
    post()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(LedgerEntry.objects.all())


def test_it_sums_what_an_execution_cost(tenant):
    """Corrections count too."""
    execution_id = uuid4()
    post("1", execution_id=execution_id, cost_micros=70)
    wrong = post("2", execution_id=execution_id, cost_micros=20)
    post("3", cost_micros=1000)
    assert ledger.spent_on(execution_id) == 90
    ledger.reverse(wrong.pk, why="sent twice")
    assert ledger.spent_on(execution_id) == 70
    assert ledger.spent_on(uuid4()) == 0
