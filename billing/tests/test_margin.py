"""What is earned against what providers ask, by tenant and month."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing import ledger
from billing.margin import margins
from billing.models import BillingAccount
from billing.money import format_usd
from billing.subscriptions import subscribe
from billing.tests.booking import give, use
from billing.tests.test_verification import called
from miosa.testing.silos import open_silo
from miosa.tests.admin_rows import operator, signed_in
from routing.models import ModelCall

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def this_month():
    return datetime.now(UTC).date()


def test_what_is_given_earns_nothing(tenant):
    """An allowance pays for a call, the provider wants money all the same; a failed try costs too."""
    called()
    called(ok=False)
    (row,) = margins(this_month())
    asked = sum(ModelCall.objects.values_list("cost_micros", flat=True))
    assert (row.tenant, row.earned, row.provider) == (str(tenant.pk), 0, {"models": asked})
    assert row.margin == -asked < 0
    assert row.used.keys() == {"allowance"}


def test_packs_and_overage_and_plans_earn(tenant):
    """By what was used of them; what is reversed is not earned; a plan by the month, a year's by its twelfth."""
    give("pack", 1_000)
    use(700, "a")
    taken = use(800, "b")
    (row,) = margins(this_month())
    assert (row.earned, row.used) == (1_500, {"prepaid": 1_000, "overage": 500})
    ledger.reverse(taken, why="wrong")
    (row,) = margins(this_month())
    assert row.earned == 700
    now = timezone.now()
    BillingAccount.objects.create(
        customer="cus_1", standing="active", plan="starter", interval="year", currency="USD",
        started=now, period_end=now + timedelta(days=365),
    )  # fmt: skip
    (row,) = margins(this_month())
    assert row.fee == 190_000_000 // 12
    assert margins(datetime(2020, 1, 1, tzinfo=UTC).date()) == []


def test_the_page_shows_the_month(tenant):
    """Figures, parts and tenants; months without anything say so; it takes the right to see money."""
    called()
    give("pack", 1_000)
    use(5_000)
    client = operator()
    answer = client.get(reverse("admin:billing_revenue"))
    text = answer.content.decode()
    (row,) = margins(this_month())
    assert answer.context["figures"][0]["value"] == format_usd(row.earned)
    assert answer.context["figures"][2]["value"] == format_usd(row.margin)
    assert "acme" in text.lower()
    empty = answer.context["months"][0]["value"]
    assert (
        "Nothing was used" in client.get(reverse("admin:billing_revenue"), {"month": empty}).content.decode()
    )
    assert client.get(reverse("admin:billing_revenue"), {"month": "soon"}).context["months"][-1]["here"]
    clerk = signed_in("clerk@miosa.example", is_staff=True)
    assert clerk.get(reverse("admin:billing_revenue")).status_code == 403


def test_a_silo_is_counted_and_the_largest_loss_comes_first(tenant, other_tenant, silo):
    """Over all places."""
    open_silo(other_tenant)
    with tenant_context(other_tenant):
        subscribe("starter")
        called()
        called()
    called()
    out = StringIO()
    call_command("ledger", "margin", "--json", stdout=out)
    first, second = json.loads(out.getvalue())
    assert (first["tenant"], second["tenant"]) == (str(other_tenant.pk), str(tenant.pk))
    assert first["margin"] < second["margin"] < 0
    call_command("ledger", "margin", stdout=out)
    assert "all" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("ledger", "margin", "--month", "soon")
