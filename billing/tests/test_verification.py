"""`manage.py ledger`: clean books are proven, each kind of difference is found to the micro-dollar, the past is told."""

import json
from datetime import UTC, datetime
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django_tenants.utils import tenant_context
from uuid_utils.compat import uuid7

from billing import ledger, quota, subscriptions
from billing.books.granting import Given
from billing.models import Grant, LedgerEntry
from billing.tests.tampering import tamper
from miosa.testing.fixtures import open_tenant
from routing import board, outcomes
from routing.attempt_record import AttemptRecord
from routing.decided import Decided
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


# Of the charge for hosting, not of what took it back.
POSTING = """UPDATE billing_posting SET amount_micros = amount_micros + 1 WHERE credit = 'usage' AND entry_id =
  (SELECT id FROM billing_ledgerentry WHERE meter = 'hosting_s' AND quantity > 0)"""


def called(*, ok=True):
    """One call of a priced model, as the router records it."""
    need = Requirement("chat")
    choice = decide(Scoreboard(board.catalog(), board.snapshot(), providers={"groq"}), need)
    attempt = AttemptRecord(
        model="openai/gpt-oss-20b", provider="groq", ok=ok, status=200 if ok else 503, error="" if ok else "busy",
        input_tokens=30_000, cached_tokens=10_000, output_tokens=500, estimated=False, latency_ms=5, first_token_ms=1,
        started_at=datetime.now(UTC),
    )  # fmt: skip
    decided = Decided(uuid7(), need, choice, board.known())
    outcomes.record(decided, [attempt], execution_id=None, step_id=None, agent="quality")


@pytest.fixture
def acme(db):
    """A tenant with something of everything in its books."""
    made = open_tenant("acme")
    with tenant_context(made):
        subscriptions.give(Given(Grant.Kind.PREPAID, 500, "pack", "test", "pack"))
        called()
        called(ok=False)
        quota.reserve("held", 7)
        quota.reserve("done", 9)
        quota.settle("done", 4)
        ledger.post("hosting_s", 60, cost_micros=9, source="test", source_id="1", reserved=False)
        ledger.reverse(LedgerEntry.objects.get(meter="hosting_s").pk, why="it was down")
    return made


def ran(*arguments):
    """(exit code, what was printed)."""
    out = StringIO()
    try:
        call_command("ledger", *arguments, stdout=out)
    except SystemExit as ended:
        return ended.code, out.getvalue()
    return 0, out.getvalue()


def verified():
    code, out = ran("verify", "--json")
    return code, json.loads(out)


def test_clean_books(acme):
    """Sums are equal side by side, there is no difference, and the exit code says so."""
    code, found = verified()
    assert (code, found["differences"]) == (0, [])
    sides = {name: list(sums.values()) for name, sums in found["comparisons"].items()}
    assert all(here == there for here, there in sides.values())
    calls = found["comparisons"]["model calls and their entries"]
    assert set(calls) == {"model_calls", "ledger"}
    assert calls["model_calls"] > 0
    assert found["comparisons"]["money set aside in budgets and reservations"] == {
        "budgets": 7,
        "reservations": 7,
    }
    code, told = ran("verify")
    assert code == 0
    assert told.rstrip().endswith("The books agree.")


@pytest.mark.parametrize(
    ("statement", "comparison", "gap"),
    [
        (
            "UPDATE billing_ledgerentry SET cost_micros = cost_micros + 3 WHERE source = 'model_call' AND cost_micros > 0",
            "usage in entries and postings",
            3,
        ),
        (
            "UPDATE billing_ledgerentry SET cost_micros = cost_micros + 3 WHERE source = 'model_call' AND cost_micros > 0",
            "model calls and their entries",
            -3,
        ),
        (
            POSTING,
            "usage in entries and postings",
            -1,
        ),
        (
            "UPDATE billing_grant SET remaining_micros = remaining_micros - 5 WHERE kind = 'prepaid'",
            "credit in grants and postings",
            -5,
        ),
        (
            "UPDATE billing_budget SET reserved_micros = reserved_micros + 11",
            "money set aside in budgets and reservations",
            11,
        ),
        (
            "DELETE FROM routing_modelcall WHERE winner",
            "model calls and their entries",
            None,
        ),
        (
            "UPDATE routing_modelcall SET winner = true, cost_micros = 2 WHERE NOT winner",
            "model calls and their entries",
            2,
        ),
    ],
    ids=["entry", "entry and call", "posting", "grant", "budget", "call gone", "loser made winner"],
)
def test_it_finds_a_difference(acme, statement, comparison, gap):
    """The tenant, the row and the gap are named, and the exit code is 1."""
    tamper(statement)
    code, found = verified()
    assert code == 1
    one = next(one for one in found["differences"] if one["comparison"] == comparison)
    assert one["tenant"] == str(acme.pk)
    if gap is not None:
        assert one["here"] - one["there"] == gap
    code, told = ran("verify")
    assert code == 1
    assert f"{comparison}, tenant {acme.pk}, {one['what']}" in told


def test_it_looks_into_silos(acme, silo):
    """A tenant with a schema of its own is verified there."""
    moved = silo(acme)
    assert verified()[0] == 0
    tamper("UPDATE billing_budget SET reserved_micros = reserved_micros + 1", moved.schema_name)
    code, found = verified()
    assert (code, [one["tenant"] for one in found["differences"]]) == (1, [str(acme.pk)])


def test_balances_of_any_moment(acme):
    """What stands on each account, by name and as JSON; before its first entry a tenant has nothing."""
    code, out = ran("balances", "acme", "--json")
    now = json.loads(out)
    assert code == 0
    assert now["prepaid"] == 500
    assert now["usage"] == now["allowance"] + now["prepaid"] + now["overage"] - now["credits"] > 0
    assert set(json.loads(ran("balances", "acme", "--json", "--at", "2020-01-01")[1]).values()) == {0}
    assert "Credits" in ran("balances", "acme")[1]


def test_an_entry_is_taken_back(acme):
    """By hand, with its reason; the books still agree."""
    with tenant_context(acme):
        entry = LedgerEntry.objects.filter(source="model_call", cost_micros__gt=0).get()
    code, out = ran("reverse", "acme", str(entry.pk), "--why", "the model answered nonsense")
    assert code == 0
    assert f"takes {entry.pk} back" in out
    found = verified()[1]["differences"]
    assert [one for one in found if one["comparison"] != "model calls and their entries"] == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("balances", "nobody"), "There is no tenant nobody"),
        (("balances", "acme", "--at", "yesterday"), "is no time"),
        (("reverse", "acme", str(uuid4()), "--why", "x"), "There is no"),
        (("reverse", "acme", "7", "--why", "x"), "invalid UUID"),
        (("reverse", "acme", str(uuid4())), "--why"),
    ],
)
def test_bad_input_gets_a_sentence(acme, arguments, why):
    """What is wrong is said, and nothing is written."""
    with pytest.raises(CommandError, match=why):
        ran(*arguments)
