"""The admin's pages of money."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing import ledger, price_list
from billing.models import Agreement, Budget, Grant, LedgerEntry, PlanTerms, Subscription
from billing.plans import shipped
from billing.subscriptions import current_budget
from miosa.pg.platform import platform
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
    answer = operator().get(
        reverse("admin:billing_ledgerentry_changelist"), {"tenant__id__exact": acme.pk, "meter": "tokens"}
    )
    assert [row.month_micros for row in answer.context["cl"].result_list] == [1000, 110, 10]


def test_it_subscribes_a_tenant_and_lifts_the_month(acme):
    """Adding a subscription puts that tenant on the plan, and its month's caps follow."""
    with tenant_context(acme):
        current_budget()
    answer = operator().post(reverse("admin:billing_subscription_add"), {"tenant": acme.pk, "plan": "pro"})
    assert answer.status_code == 302
    with tenant_context(acme):
        assert Subscription.objects.get().plan == "pro"
        assert Budget.objects.get().cap_micros == shipped()["pro"].allowance_micros


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


def test_it_gives_credit_and_takes_it_back(acme):
    """In dollars, as a promotion or a pack; the month's budget holds it, and what is left goes back."""
    client = operator()
    address = reverse("admin:billing_grant_add")
    given = {
        "tenant": acme.pk,
        "kind": "promotion",
        "name": "welcome",
        "dollars": "2.50",
        "expires_0": "",
        "expires_1": "",
    }
    assert client.post(address, given | {"dollars": "0"}).status_code == 200
    assert client.post(address, given | {"expires_0": "2020-01-01", "expires_1": "00:00"}).status_code == 200
    assert client.post(address, given).status_code == 302
    free = shipped()["free"].allowance_micros
    with tenant_context(acme):
        row = Grant.objects.get(kind="promotion")
        assert (row.amount_micros, row.expires) == (2_500_000, None)
        assert Budget.objects.get().cap_micros == free + 2_500_000
        ledger.post("tokens", 1, cost_micros=free + 500_000, source="t", source_id="1")
    answer = client.post(
        reverse("admin:billing_grant_changelist"),
        {"action": "take_back_left", "_selected_action": [row.pk]},
        follow=True,
    )
    assert "2.00 taken back" in answer.content.decode() or "$2.00 taken back" in answer.content.decode()
    with tenant_context(acme):
        assert Grant.objects.get(pk=row.pk).remaining_micros == 0
        assert Budget.objects.get().cap_micros == free + 500_000


def test_an_allowance_is_not_taken_back_by_hand(acme):
    """It belongs to the plan: the answer says so."""
    with tenant_context(acme):
        current_budget()
        row = Grant.objects.get()
    answer = operator().post(
        reverse("admin:billing_grant_changelist"),
        {"action": "take_back_left", "_selected_action": [row.pk]},
        follow=True,
    )
    assert "change the plan instead" in answer.content.decode()
    with tenant_context(acme):
        assert Grant.objects.get().remaining_micros == row.amount_micros


def test_it_shows_what_paid_an_entry(acme):
    """The page of an entry leads to the grants that paid it."""
    with tenant_context(acme):
        ledger.post(
            "tokens", 1, cost_micros=shipped()["free"].allowance_micros + 5, source="t", source_id="1"
        )
        entry = LedgerEntry.objects.get(source="t")
    page = operator().get(reverse("admin:billing_ledgerentry_change", args=[entry.pk])).content.decode()
    assert "Free allowance of" in page
    assert "$0.000005: Overage → Usage" in page


def test_new_terms_begin_with_those_in_force(acme):
    """The form of a plan is filled in; the new terms count from their moment on, and can be edited until then."""
    price_list.forget()
    client = operator()
    with platform():
        PlanTerms.objects.filter(plan="pro").delete()
    address = reverse("admin:billing_planterms_add")
    moment = timezone.now() + timedelta(days=1)
    plan = shipped()["pro"]
    given = {
        **{name: getattr(plan, name) or "" for name in price_list.COLUMNS},
        "plan": "pro", "name": "Professional", "offered": "on", "allowance_micros": "150.00", "sandbox_hosts": "*",
        "execution_ceiling_micros": "5", "effective_0": f"{moment:%Y-%m-%d}", "effective_1": f"{moment:%H:%M:%S}",
        "prices-TOTAL_FORMS": 1, "prices-INITIAL_FORMS": 0, "prices-0-currency": "JPY", "prices-0-interval": "month",
        "prices-0-amount_minor": 9900,
    }  # fmt: skip
    past = timezone.now() - timedelta(days=1)
    refused = client.post(address, given | {"effective_0": f"{past:%Y-%m-%d}"})
    assert "lies ahead" in refused.content.decode()
    assert client.post(address, given | {"execution_ceiling_micros": "151"}).status_code == 200
    answer = client.post(address, given)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    later = price_list.plan_at("pro", moment + timedelta(seconds=1))
    assert (later.name, later.allowance_micros, later.prices) == (
        "Professional",
        150_000_000,
        {("JPY", "month"): 9900},
    )
    assert price_list.plan_at("pro") == plan
    begun = client.get(address, {"plan": "pro"}).context["adminform"].form.initial
    assert begun["allowance_micros"] == 150_000_000
    with platform():
        row = PlanTerms.objects.get(plan="pro")
        PlanTerms.objects.update(effective=past)
    assert client.post(reverse("admin:billing_planterms_change", args=[row.pk]), given).status_code == 403
    price_list.forget()


def test_an_agreement_is_made_and_ended(acme):
    """As the tenant itself: its caps follow."""
    client = operator()
    now = timezone.now()
    given = {
        "tenant": acme.pk, "term": "allowance_micros", "value": "7000000", "reason": "pilot",
        "effective_0": f"{now:%Y-%m-%d}", "effective_1": f"{now:%H:%M:%S}", "expires_0": "", "expires_1": "",
    }  # fmt: skip
    with tenant_context(acme):
        current_budget()
    address = reverse("admin:billing_agreement_add")
    assert "without a limit" in client.post(address, given | {"value": ""}).content.decode()
    assert client.post(address, given).status_code == 302
    with tenant_context(acme):
        assert Budget.objects.get().cap_micros == 7_000_000
        row = Agreement.objects.get()
    client.post(
        reverse("admin:billing_agreement_changelist"), {"action": "end_now", "_selected_action": [row.pk]}
    )
    with tenant_context(acme):
        assert Budget.objects.get().cap_micros == shipped()["free"].allowance_micros
