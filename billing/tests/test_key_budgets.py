"""What a key spends counts against its own monthly budget and against every key it descends from."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import F
from django_tenants.utils import tenant_context

from agents import submission
from agents.models import Execution
from billing import quota
from billing.errors import KeyBudgetExceeded
from billing.models import Budget, KeyBudget, Reservation
from billing.subscriptions import current_budget, current_plan
from miosa.testing.fixtures import client_of
from miosa.testing.flows import providers
from tenants import api_keys
from tenants.key_lineage import lineage_of
from tenants.models import ApiKey
from tenants.scopes import ALL


def key(budget=None, parent=None, owner_id=None):
    creator = api_keys.resolve(parent[1]) if parent else None
    row, plain = api_keys.make("k", scopes=ALL, creator=creator, created_by_id=owner_id, budget_micros=budget)
    return row, plain, lineage_of(row.pk)


def sums(row):
    return KeyBudget.objects.values_list("spent_micros", "reserved_micros").get(key_id=row.pk)


def test_it_works(tenant, owner):
    """Reserve holds on the key, settle charges it, settling again charges the difference."""
    row, _, lineage = key(100)
    quota.reserve("a", 80, lineage=lineage)
    assert sums(row) == (0, 80)
    quota.settle("a", 30)
    assert sums(row) == (30, 0)
    quota.settle("a", 45)
    assert sums(row) == (45, 0)


def test_a_childs_spending_counts_for_every_key_above(tenant, owner):
    """The parent's budget is used up by the child, and the refusal says whose it was."""
    parent = key(100)
    child = key(60, parent)
    quota.reserve("a", 60, lineage=child[2])
    assert sums(parent[0]) == sums(child[0]) == (0, 60)
    quota.settle("a", 60)
    with pytest.raises(KeyBudgetExceeded, match="this API key") as refused:
        quota.reserve("b", 1, lineage=child[2])
    assert refused.value.status == 402
    assert refused.value.extensions == {"left_micros": 0, "wanted_micros": 1}
    sibling = key(None, parent)
    with pytest.raises(KeyBudgetExceeded, match="descends from"):
        quota.reserve("c", 41, lineage=sibling[2])
    quota.reserve("d", 40, lineage=sibling[2])


def test_a_refusal_leaves_nothing_behind(tenant, owner):
    """Neither the tenant's sums nor any key's, nor a reservation."""
    parent = key(100)
    child = key(10, parent)
    with pytest.raises(KeyBudgetExceeded):
        quota.reserve("a", 11, executions=1, lineage=child[2])
    assert not Reservation.objects.exists()
    assert not KeyBudget.objects.exclude(spent_micros=0, reserved_micros=0).exists()
    budget = current_budget()
    assert (budget.reserved_micros, budget.executions_used) == (0, 0)


def test_a_lowered_budget_counts_at_once(tenant, owner):
    """The cap is read when money is set aside."""
    row, *_ = key(100)
    ApiKey.objects.filter(pk=row.pk).update(budget_micros=10)
    with pytest.raises(KeyBudgetExceeded):
        quota.reserve("a", 11, lineage=lineage_of(row.pk))


def test_it_releases(tenant, owner):
    """What came to nothing is the key's again."""
    row, _, lineage = key(100)
    quota.reserve("a", 80, lineage=lineage)
    quota.release("a")
    assert sums(row) == (0, 0)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_frees_what_a_dead_worker_held(tenant):
    """An expired lease gives the money back to every key; a late settlement still charges each."""
    parent = key(100)
    child = key(100, parent)
    quota.reserve("dead", 60, lineage=child[2])
    quota.reserve("dead too", 5, lineage=child[2])
    quota.reserve("alive", 30, lineage=child[2])
    Reservation.objects.exclude(reference="alive").update(lease_until=F("created"))
    assert quota.sweep_expired() == 2
    assert sums(parent[0]) == sums(child[0]) == (0, 30)
    quota.settle("dead", 20)
    assert sums(parent[0]) == sums(child[0]) == (20, 30)


@pytest.mark.django_db(transaction=True)
def test_it_admits_exactly_what_fits_from_many_at_once(tenant):
    """64 callers with the keys of one parent, whose budget fits ten: exactly ten get one."""
    current_budget()
    Budget.objects.update(cap_micros=10_000)
    parent = key(100)
    children = [key(None, parent)[2] for _ in range(4)]

    def attempt(number):
        try:
            with tenant_context(tenant):
                quota.reserve(f"r{number}", 10, lineage=children[number % 4])
                return True
        except KeyBudgetExceeded:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(64) as pool:
        assert sum(pool.map(attempt, range(64))) == 10
    assert sums(parent[0]) == (0, 100)
    assert current_budget().reserved_micros == 100


def test_a_task_is_refused_with_what_is_left(tenant, owner):
    """402 over HTTP: the ceiling of an execution never exceeds the key's budget, and the rest is told."""
    row, plain, _ = key(300_000, owner_id=owner.pk)
    client = client_of(tenant)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {plain}")
    with providers(groq="http://127.0.0.1:9"):
        assert client.post("/api/v1/tasks", {"request": "Say hello"}).status_code == 202
        refused = client.post("/api/v1/tasks", {"request": "Say hello"})
    assert refused.status_code == 402
    left = 300_000 - current_plan().execution_ceiling_micros
    assert refused.json()["left_micros"] == left
    assert "next month" in refused.json()["detail"]
    assert Execution.objects.count() == 1
    told = client.get(f"/api/v1/api-keys/{row.pk}").json()
    assert told["reserved_micros"] == current_plan().execution_ceiling_micros


def test_a_small_budget_bounds_the_execution(tenant, owner):
    """A key with less than the plan's ceiling may still work: its execution may cost no more than the key's budget."""
    row, *_ = key(1_000)
    assert submission.submit("Say hello", requested_by=f"key:{row.pk}").ceiling_micros == 1_000
