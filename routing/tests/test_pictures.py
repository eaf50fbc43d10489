"""What the pictures of routing are made from, against numbers worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from django_tenants.utils import tenant_context

from miosa.pg.platform import platform
from routing.models import Outcome
from routing.pictures.confidence import EVERYBODY, standings
from routing.pictures.period import CHOICES, period
from routing.pictures.record import records
from routing.pictures.regret import regret
from routing.pictures.traffic import NAMED, OTHERS, traffic
from routing.tests.pictured import NOON, WEEK, days_ago, decided, ranked, said

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def test_it_counts_the_standing_verdict_of_each_decision_on_its_day(tenant):
    """3 of 4 right today is 0.75 with Wilson's 0.301 to 0.954; a correction counts on the day of the decision."""
    for verdict in (1, 1, 1):
        said(decided(), verdict)
    said(decided(), 0)
    late = decided(days_ago(2, NOON))
    said(late, 1)
    said(late, 0, source="feedback")  # people overrule the checks: 0 of 1 two days ago, and nothing today
    [found] = records(WEEK, tenant.pk)
    assert (found.model, found.n, found.successes) == ("fast", 5, 3)
    assert found.success[-1].n == 4
    assert found.success[-1].value == 0.75
    assert found.success[-1][2:] == pytest.approx((0.3006, 0.9544), abs=1e-4)
    assert found.success[-3][:2] == (1, 0.0)
    assert [one.n for one in found.success] == [0, 0, 0, 0, 1, 0, 4]


def test_it_gives_the_mean_latency_with_its_interval(tenant):
    """100, 200 and 300 ms: mean 200, sample deviation 100, so 200 +- 1.96 * 100 / sqrt(3); 0 ms is no measurement."""
    for latency_ms in (100, 200, 300, 0):
        said(decided(), 1, latency_ms=latency_ms)
    said(decided(days_ago(1, NOON)), 1, latency_ms=70)
    [found] = records(WEEK, tenant.pk)
    assert found.latency_ms[-1] == pytest.approx((3, 200, 200 - 113.1586, 200 + 113.1586), abs=1e-3)
    assert found.latency_ms[-2] == (1, 70, None, None)  # one value has no interval


def test_it_spreads_decisions_over_models_days_and_kinds(tenant):
    """Every decision counts once for its model, in its day and its kind; the most chosen comes first."""
    for _ in range(3):
        decided(model="fast")
    decided(model="strong", kind="code")
    decided(days_ago(1, NOON), model="strong", kind="code")
    decided(days_ago(7, NOON), model="strong")  # before the period begins
    found = traffic(WEEK, tenant.pk)
    assert (found.models, found.total) == (("fast", "strong"), 5)
    assert dict(found.by_kind) == {"chat": (3, 0), "code": (0, 2)}
    assert found.by_bucket[-2:] == (("09 Mar", (0, 1)), ("10 Mar", (3, 1)))


def test_it_draws_many_models_together(tenant):
    """The seven most chosen keep their names; the amounts of all the others are added up."""
    for number in range(NAMED + 3):
        for _ in range(NAMED + 3 - number):
            decided(model=f"m{number}")
    found = traffic(WEEK, tenant.pk)
    assert found.models == (*(f"m{number}" for number in range(NAMED)), OTHERS)
    assert found.by_kind == (("chat", (10, 9, 8, 7, 6, 5, 4, 3 + 2 + 1)),)


def test_it_adds_up_what_was_given_up(tenant):
    """Regrets of 0.3, 0.3 and 0 have the mean 0.2 and the sum 0.6; a model that is not explained is left out."""
    decided(model="fast")
    decided(model="fast")
    decided(model="strong")
    decided(model="unseen")
    decided(days_ago(1, NOON), model="fast", ranked=ranked(fast=0.5, strong=0.4))
    found = regret(WEEK, tenant.pk)
    assert found.decisions == 4
    assert found.total == pytest.approx(0.6)
    assert found.by_bucket[-1].value == pytest.approx(0.2)
    assert found.by_bucket[-1].high == pytest.approx(0.2 + 1.959964 * 0.173205 / 3**0.5, abs=1e-5)
    assert found.by_bucket[-2].value == 0
    assert found.by_bucket[0] == (0, None, None, None)


def test_it_sets_confidence_beside_what_happened(tenant):
    """Two answers at 0.9 (one right) and two at 0.1 (none right): ECE (0.4 + 0.1) / 2, Brier 0.205, constant 0.1875."""
    for agent, confidence, verdict in (("a", 9, 1), ("a", 9, 0), ("b", 1, 0), ("b", 1, 0)):
        said(decided(agent=agent), verdict, confidence=confidence)
    everybody, a, b = standings(WEEK, tenant.pk)
    assert (everybody.agent, everybody.n, a.agent, b.agent) == (EVERYBODY, 4, "a", "b")
    assert everybody.ece == pytest.approx((0.4 + 0.1) / 2)
    assert everybody.brier.score == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)
    assert everybody.brier.constant == pytest.approx((0.75**2 + 3 * 0.25**2) / 4)
    assert [(one.n, one.mean_outcome) for one in everybody.bins] == [(2, 0.0), (2, 0.5)]


def test_it_believes_people_first_then_the_judge(tenant):
    """One answer, three words on it: which one is what happened is chosen, and people's holds by itself."""
    one, two = decided(), decided()
    said(one, 1, confidence=8)
    said(one, 0.6, source="judge")
    said(one, 0, source="feedback")
    said(two, 1, confidence=8)

    def outcome(label):
        found = standings(WEEK, tenant.pk, label=label)
        return (found[0].n, found[0].bins[0].mean_outcome) if found else None

    assert outcome("feedback") == (1, 0.0)
    assert outcome("judge") == (1, pytest.approx(0.6))
    assert outcome("checks") == (2, 1.0)
    assert outcome("believed") == outcome("nonsense") == (2, 0.5)
    Outcome.objects.all().delete()
    assert outcome("believed") is None


def test_it_keeps_tenants_apart_on_the_platform(tenant, other_tenant):
    """The platform's login sees everybody; a chosen tenant's pictures hold that tenant's decisions only."""
    said(decided(), 1, confidence=7)
    with tenant_context(other_tenant):
        for _ in range(2):
            said(decided(), 0, confidence=7)
    with platform():
        for chosen, n in ((tenant.pk, 1), (other_tenant.pk, 2), (None, 3)):
            assert sum(record.n for record in records(WEEK, chosen)) == n
            assert traffic(WEEK, chosen).total == n
            assert regret(WEEK, chosen).decisions == n
            assert standings(WEEK, chosen)[0].n == n


@pytest.mark.parametrize("name", CHOICES)
def test_it_cuts_time_into_whole_hours_or_days(name):
    """The last bucket holds the moment itself; all follow on each other without a gap."""
    found = period(name, now=NOON)
    assert found.buckets[-1] <= NOON < found.end
    assert len(found.labels) == len(found.buckets) == int(name[:-1])
    assert {later - earlier for earlier, later in zip(found.buckets, found.buckets[1:], strict=False)} == {
        found.step
    }
    assert period("nonsense", now=NOON).name == "7d"


def test_it_puts_a_decision_of_this_hour_into_the_last_bucket(tenant):
    """Hours are told apart in the last day."""
    now = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    said(decided(now), 1)
    said(decided(now - timedelta(minutes=31)), 0)
    [found] = records(period("24h", now=now), tenant.pk)
    assert [one.value for one in found.success[-2:]] == [0.0, 1.0]
