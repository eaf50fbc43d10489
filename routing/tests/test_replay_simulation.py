"""A thousand decisions of two tenants, with every kind of change between them, come out again bit for bit."""

from datetime import UTC, datetime, timedelta

import pytest

from miosa.testing.fixtures import open_tenant
from routing import board
from routing.models import Decision, Knowledge, Outcome, Promotion
from routing.replay import replayed
from routing.requirement import MODES, TASK_KINDS
from routing.tests.simulated_days import Days, life

PART = 60  # decisions between two changes


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_everything_comes_out_again(tenant, silo, in_tenant):
    """All kinds, modes, topics, sizes and needs; verdicts by checks, judge and people; a shift, its reversal, weights,
    exploration, prompts and providers that change; a tenant in the shared tables and one with tables of its own.
    """
    alone = silo(open_tenant("globex"))
    for seed, who in enumerate((tenant, alone)):
        with in_tenant(who):
            made = life(Days(seed), PART)
            assert made > 7 * PART
            no_idle_days()
            board.forget_all()  # what is replayed comes from the database alone
            told = replayed(datetime.now(UTC) - timedelta(hours=1))
            assert told.different == ()
            assert (told.total, told.exact, told.not_kept) == (made, made, ())


def no_idle_days():
    """The current tenant explored, shared selections, fell back, was told by all sources, and changed its mind."""
    rows = Decision.objects.all()
    assert set(rows.values_list("mode", flat=True)) == set(MODES)
    assert len(set(rows.values_list("task_kind", flat=True))) >= len(TASK_KINDS) - 1
    assert rows.filter(propensity__lt=1).count() > rows.count() / 10
    assert rows.exclude(shared_from=None).exists()
    assert rows.exclude(prompt=None).count() > PART / 4
    assert rows.filter(draw=None).exists()
    assert rows.exclude(topic="").exists()
    assert set(Outcome.objects.values_list("source", flat=True)) == set(Outcome.Source)
    assert Knowledge.objects.count() > rows.count() / 20
    changes = set(Promotion.objects.values_list("kind", flat=True))
    assert changes >= {Promotion.Kind.SHIFT, Promotion.Kind.WEIGHTS, Promotion.Kind.REVERSAL}
