"""The admin's pages of money."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django_tenants.utils import tenant_context

from billing import ledger
from billing.models import Budget, Subscription
from billing.plans import plans
from billing.subscriptions import current_budget
from miosa.testing.fixtures import open_tenant
from miosa.tests.admin_rows import fill, operator, queries

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture
def acme():
    return open_tenant("acme")


@pytest.mark.parametrize(
    "name", ["billing_ledgerentry", "billing_reservation", "billing_budget", "billing_subscription"]
)
def test_it_lists_more_rows_without_more_queries(acme, name):
    """The number of queries does not follow the number of rows."""
    client = operator()
    fill(acme, 1)
    few = queries(client, name)
    fill(acme, 2)
    fill(open_tenant("globex"), 1)
    assert queries(client, name) == few


def test_it_adds_up_the_ledger_within_tenant_and_month(acme):
    """The running sum starts anew with each month and knows nothing of other tenants."""
    other = open_tenant("globex")
    days = [
        datetime(2026, 3, 30, tzinfo=UTC),
        datetime(2026, 3, 31, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
    ]
    for tenant in (acme, other):
        with tenant_context(tenant):
            for number, day in enumerate(days):
                ledger.post(
                    "tokens",
                    1,
                    cost_micros=10 ** (number + 1),
                    source="t",
                    source_id=str(number),
                    occurred_at=day,
                )
    answer = operator().get(reverse("admin:billing_ledgerentry_changelist"), {"tenant__id__exact": acme.pk})
    assert [row.month_micros for row in answer.context["cl"].result_list] == [1000, 110, 10]


def test_it_subscribes_a_tenant_and_lifts_the_month(acme):
    """Adding a subscription puts that tenant on the plan, and its month's caps follow."""
    with tenant_context(acme):
        current_budget()
    answer = operator().post(reverse("admin:billing_subscription_add"), {"tenant": acme.pk, "plan": "pro"})
    assert answer.status_code == 302
    with tenant_context(acme):
        assert Subscription.objects.get().plan == "pro"
        assert Budget.objects.get().cap_micros == plans()["pro"].allowance_micros


def test_it_changes_the_plan_and_never_the_tenant(acme):
    """The form of a stored row moves the plan; a posted tenant is ignored."""
    other = open_tenant("globex")
    fill(acme)
    with tenant_context(acme):
        row = Subscription.objects.get()
    address = reverse("admin:billing_subscription_change", args=[row.pk])
    assert operator().post(address, {"tenant": other.pk, "plan": "free"}).status_code == 302
    with tenant_context(acme):
        assert Subscription.objects.get().plan == "free"
    with tenant_context(other):
        assert not Subscription.objects.exists()


def test_it_refuses_a_second_subscription(acme):
    """A tenant has one; the form says so."""
    fill(acme)
    answer = operator().post(reverse("admin:billing_subscription_add"), {"tenant": acme.pk, "plan": "pro"})
    assert answer.status_code == 200
    assert "already exists" in answer.content.decode()
