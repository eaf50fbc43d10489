"""Reserve, settle and release hold the cap, whatever happens at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import F
from django_tenants.utils import tenant_context

from billing import quota
from billing.errors import DayBudgetExceeded, QuotaExceeded
from billing.models import Budget, DayBudget, Reservation
from billing.subscriptions import current_budget, current_plan, subscribe


def cap(micros=100, executions=None):
    current_budget()
    Budget.objects.update(cap_micros=micros, executions_cap=executions)


def sums():
    return Budget.objects.values_list("spent_micros", "reserved_micros", "executions_used").get()


def test_it_works(tenant):
    """Reserve holds, settle charges what was used and frees the rest."""
    cap(100)
    quota.reserve("a", 80, executions=1)
    assert sums() == (0, 80, 1)
    quota.settle("a", 30)
    assert sums() == (30, 0, 1)
    assert Reservation.objects.get().state == "settled"


def test_it_refuses_what_is_not_left(tenant):
    """The cap is inclusive, and a refusal leaves nothing behind."""
    cap(100)
    quota.reserve("a", 100)
    with pytest.raises(QuotaExceeded) as refused:
        quota.reserve("b", 1)
    assert refused.value.status == 402
    assert refused.value.extensions == {"left_micros": 0, "wanted_micros": 1}
    assert Reservation.objects.count() == 1


def test_it_counts_executions(tenant):
    """The number of executions is a limit of its own."""
    cap(100, executions=1)
    quota.reserve("a", 0, executions=1)
    with pytest.raises(QuotaExceeded, match="executions"):
        quota.reserve("b", 0, executions=1)


def test_it_takes_the_same_reference_for_the_same_reservation(tenant):
    """A repeated request holds the money once."""
    cap(100)
    assert quota.reserve("a", 60).pk == quota.reserve("a", 60).pk
    assert sums()[1] == 60


def test_it_refuses_negative_amounts(tenant):
    """Nobody gains money by reserving it."""
    with pytest.raises(ValueError, match="never negative"):
        quota.reserve("a", -1)


def test_it_releases(tenant):
    """What came to nothing costs nothing."""
    cap(100)
    quota.reserve("a", 60)
    quota.release("a")
    assert sums()[:2] == (0, 0)


def test_it_settles_again_by_the_difference(tenant):
    """A call that outlives its settlement is charged by settling again; repeating charges nothing."""
    cap(100)
    quota.reserve("a", 60)
    for actual in (10, 10, 25):
        quota.settle("a", actual)
    assert sums()[:2] == (25, 0)


def test_it_keeps_tenants_apart(tenant, other_tenant, in_tenant):
    """The neighbour's reservation is not found, and its budget not touched."""
    cap(100)
    quota.reserve("a", 60)
    with in_tenant(other_tenant):
        with pytest.raises(Reservation.DoesNotExist):
            quota.settle("a", 60)
        current_budget()
    assert sums()[:2] == (0, 60)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_frees_what_a_dead_worker_held(tenant):
    """An expired lease gives the money back once; a late settlement still charges."""
    cap(100)
    quota.reserve("dead", 60)
    quota.reserve("alive", 30)
    Reservation.objects.filter(reference="dead").update(lease_until=F("created"))
    assert quota.sweep_expired() == 1
    assert quota.sweep_expired() == 0
    assert sums()[:2] == (0, 30)
    quota.settle("dead", 20)
    assert sums()[:2] == (20, 30)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_prolongs_a_lease(tenant):
    """Work that goes on keeps its money."""
    cap(100)
    quota.reserve("a", 60)
    Reservation.objects.update(lease_until=F("created"))
    quota.extend("a")
    assert quota.sweep_expired() == 0


@pytest.mark.django_db(transaction=True)
def test_it_admits_exactly_what_fits_from_many_at_once(tenant):
    """64 callers against a cap of 10 reservations: exactly 10 get one."""
    cap(100)

    def attempt(number):
        try:
            with tenant_context(tenant):
                quota.reserve(f"r{number}", 10)
                return True
        except QuotaExceeded:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(64))) == 10
    assert sums()[:2] == (0, 100)


def test_it_follows_a_change_of_plan(tenant):
    """A larger plan raises this month's caps at once; an unknown plan is refused."""
    assert current_plan().slug == "free"
    current_budget()
    subscribe("pro")
    assert current_plan().slug == "pro"
    assert current_budget().cap_micros == current_plan().allowance_micros
    with pytest.raises(KeyError):
        subscribe("platinum")


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_sweeps_by_itself(tenant):
    """Beat's task frees expired reservations."""
    from billing.tasks import sweep_reservations

    cap(100)
    quota.reserve("dead", 60)
    Reservation.objects.update(lease_until=F("created"))
    sweep_reservations()
    assert sums()[:2] == (0, 0)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_day_gives_back_what_expires(tenant):
    """A budget of a day holds what is set aside, refuses beyond it, and gets back what settles, or what nobody closes."""
    cap(1_000)
    caps = {tenant.pk: 100}
    quota.reserve("a", 60, day_caps=caps)
    with pytest.raises(DayBudgetExceeded):
        quota.reserve("b", 50, day_caps=caps)
    quota.reserve("c", 40, day_caps=caps, lease_s=0)
    assert DayBudget.objects.get().reserved_micros == 100
    quota.settle("a", 30)
    quota.settle("a", 35)  # the difference alone
    assert (DayBudget.objects.get().spent_micros, DayBudget.objects.get().reserved_micros) == (35, 40)
    Reservation.objects.filter(reference="c").update(lease_until=F("created"))
    assert quota.sweep_expired() == 1
    assert DayBudget.objects.get().reserved_micros == 0
    assert Budget.objects.get().reserved_micros == 0
