"""A shift of a cell discounts exactly what came before it, the same in every process and after every restart."""

import time

import pytest

from miosa.testing.fixtures import open_tenant
from miosa.testing.flows import providers
from routing import board, news
from routing.models import Promotion
from routing.requirement import Requirement
from routing.tests.peer import peers, requests_are, seen_in_time
from routing.tests.stored import outcome

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)

A, B = "openai/gpt-oss-20b", "openai/gpt-oss-120b"


@pytest.fixture
def acme():
    """A tenant whose row every process sees."""
    return open_tenant("acme")


@pytest.fixture
def learned(acme, in_tenant):
    """Six outcomes of A in chat (four right, then two wrong), two of B, two of A in code; entered."""
    with in_tenant(acme), providers(groq="http://127.0.0.1:9/v1"):
        chat = [outcome(success=number < 4, by=A) for number in range(6)]
        for _ in range(2):
            outcome(by=B)
            outcome(Requirement("code"), by=A)
        yield chat


def shift(since, *, discount=0.25, area="chat", model=A):
    row = Promotion.objects.create(
        kind=Promotion.Kind.SHIFT, area=area, model=model, since=since.pk, discount=discount
    )
    news.tell(row.tenant_id)
    return row


def told_of(cells):
    return {key: (tally.requests, tally.successes) for key, tally in cells.items()}


def test_it_discounts_what_came_before(learned):
    """Four of six before the shift count a quarter; the outcome that it names and all later ones count in full."""
    shift(learned[4])
    cells = told_of(board.snapshot().cells)
    assert cells == {
        ("chat", A): (4 * 0.25 + 2, 4 * 0.25),
        ("chat", B): (2, 2),
        ("code", A): (2, 2),
    }


def test_two_shifts_discount_twice(learned):
    """What lies before both counts the product, what lies between them the later one's share."""
    shift(learned[2], discount=0.5)
    shift(learned[4], discount=0.25)
    tally = board.snapshot().cells["chat", A]
    assert (tally.requests, tally.successes) == (2 * 0.5 * 0.25 + 2 * 0.25 + 2, 2 * 0.5 * 0.25 + 2 * 0.25)


def test_a_shift_that_was_taken_back_means_nothing(learned):
    """Its reversal brings the evidence back in full."""
    before = board.snapshot()
    row = shift(learned[4])
    assert board.snapshot() != before
    Promotion.objects.create(
        kind=Promotion.Kind.REVERSAL, reverts=row.pk, model=A, area="chat", details={"of": row.kind}
    )
    assert board.snapshot() == before


def test_every_process_discounts_alike(acme, learned):
    """One that added up before the shift, one that starts after it, and one that forgot all have one version."""
    with peers(acme) as (early,):
        assert early.current()["requests"] == 10
        shift(learned[4])
        seen_in_time(early, requests_are(7), since=time.monotonic())
        with peers(acme) as (late,):
            assert late.current()["digest"] == early.current()["digest"] == board.snapshot().digest
        board.forget_all()
        assert board.current().snapshot.digest == early.current()["digest"]
        early.forget()
        assert early.current()["digest"] == board.snapshot().digest
        outcome(by=A)
        seen_in_time(early, requests_are(8), since=time.monotonic())
        assert early.current()["digest"] == board.snapshot().digest
