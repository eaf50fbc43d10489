"""Sums over outcomes: what each of the numbers counts, and that every row counts once."""

from decimal import Decimal

import pytest

from miosa.testing.flows import providers
from routing import board, verdicts
from routing.gathered import Gathered
from routing.models import Outcome
from routing.requirement import Requirement
from routing.tests.stored import checked, decision, outcome

A, B = "openai/gpt-oss-20b", "openai/gpt-oss-120b"


@pytest.fixture
def acme(tenant):
    """A tenant that can decide."""
    with providers(groq="http://127.0.0.1:9/v1"):
        yield tenant


def cells(tenant):
    return Gathered().cells(tenant.pk, ())


def test_it_adds_up_by_area_and_model(acme):
    """Kinds, topics within them and models are counted apart, to the last success."""
    for success in (True, True, False):
        outcome(by=A, success=success)
    outcome(by=B)
    outcome(Requirement("chat", topic="algebra"), by=A, success=False)
    outcome(Requirement("code"), by=A)
    found = {key: (tally.requests, tally.successes) for key, tally in cells(acme).items()}
    assert found == {
        ("chat", A): (3, 2),
        ("chat", B): (1, 1),
        ("chat/algebra", A): (1, 0),
        ("code", A): (1, 1),
    }


def test_confidence_is_what_checks_said_and_latency_what_first_words_took(acme):
    """A judge and a person correct the successes; confidence and latency are not counted again."""
    row = outcome(by=A, success=True)
    verdicts.judged(row.decision_id, score=0.25)
    verdicts.told_by_people(row.decision_id, value=Decimal("0.5"))
    outcome(by=A, success=False)
    tally = cells(acme)["chat", A]
    assert (tally.requests, tally.successes) == (2, 0.5)
    assert (tally.confidence_sum, tally.rated) == (8.0 + 2.0, 2)
    assert (tally.latency_ms_sum, tally.timed) == (200, 2)


@pytest.mark.parametrize(
    "order", [("checks", "judge", "people"), ("people", "judge", "checks"), ("judge", "checks")]
)
def test_the_order_of_speaking_changes_nothing_of_the_success(acme, order):
    """Whoever speaks first and last, the decision counts once, with the word of who knows best."""
    said = {
        "checks": lambda row: (
            checked(row, success=True)
            if not row.outcomes.exists()
            else verdicts.checked(row.pk, success=True, confidence=8)
        ),
        "judge": lambda row: verdicts.judged(row.pk, score=0.25),
        "people": lambda row: verdicts.told_by_people(row.pk, value=Decimal("0.75")),
    }
    row = decision(by=A)
    for who in order:
        said[who](row)
    tally = cells(acme)["chat", A]
    assert (tally.requests, tally.successes) == (1, 0.75 if "people" in order else 0.25)


def test_reading_again_counts_nothing_twice(acme):
    """One that reads after every outcome has what one has that reads once at the end."""
    kept = Gathered()
    for number in range(6):
        outcome(by=A if number % 2 else B, success=number % 3 > 0)
        for _ in range(2):
            assert kept.cells(acme.pk, ()) == cells(acme)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_what_is_settled_is_not_read_again(acme):
    """Once every transaction is over, the next reading starts behind them: what is there no more still counts."""
    kept = Gathered()
    for _ in range(3):
        outcome(by=A)
    assert kept.cells(acme.pk, ())["chat", A].requests == 3
    assert kept.settled
    assert not kept.provisional
    settled = dict(kept.settled)
    outcome(by=A)
    assert kept.cells(acme.pk, ())["chat", A].requests == 4
    assert kept.settled != settled
    assert kept.cells(acme.pk, ())["chat", A].requests == 4


def test_a_transaction_that_has_written_is_provisional(acme):
    """What it reads may be rolled back: nothing of its own is settled."""
    kept = Gathered()
    row = outcome(by=A)
    assert kept.cells(acme.pk, ())["chat", A].requests == 1
    assert kept.provisional
    assert kept.settled == {}
    Outcome.objects.filter(pk=row.pk)._raw_delete("default")
    assert kept.cells(acme.pk, ()) == {}


def test_other_tenants_rows_are_not_seen(acme, other_tenant, in_tenant):
    """Asked for another tenant's rows, the database gives none."""
    outcome(by=A)
    with in_tenant(other_tenant):
        assert Gathered().cells(acme.pk, ()) == {}
        assert board.snapshot().cells == {}
