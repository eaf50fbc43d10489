"""Spending is warned of once a level, by letters that survive their process."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing import subscriptions, warnings
from billing.models import Budget, SpendAlert, SpendWarning
from billing.tests.booking import use
from miosa import statistics
from miosa.testing.fixtures import open_tenant
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


def spent(micros):
    subscriptions.current_budget()
    Budget.objects.update(spent_micros=micros)


def warned():
    return set(SpendWarning.objects.values_list("kind", "level"))


def test_it_warns_at_80_and_100_percent_once(tenant):
    """Nobody chose anything: the two usual levels, each once, each with its letter."""
    cap = subscriptions.current_budget().cap_micros
    spent(cap * 79 // 100)
    assert warnings.look() == 0
    spent(cap * 80 // 100)
    assert (warnings.look(), warnings.look()) == (1, 0)
    assert (warnings.mail(), warnings.mail()) == (1, 0)
    spent(cap)
    assert (warnings.look(), warned()) == (1, {("share", 80), ("share", 100)})
    warnings.mail()
    first, second = mail.outbox
    assert first.to == [f"owner@{tenant.slug}.example"]
    assert "80 % of this month's budget" in first.subject
    assert "Nothing is stopped" in first.body
    assert "refused from now on" in second.body
    assert AuditEntry.objects.filter(action="spend.warned").count() == 2


def test_chosen_levels_take_the_place_of_the_usual(api, tenant):
    """A share of one's own, and an amount; they are made, listed and deleted over the API."""
    made = api.post("/api/v1/spend-alerts", {"kind": "share", "level": 50}, format="json")
    assert made.status_code == 201
    assert api.post("/api/v1/spend-alerts", {"kind": "share", "level": 50}, format="json").status_code == 409
    assert (
        api.post("/api/v1/spend-alerts", {"kind": "share", "level": 5000}, format="json").status_code == 422
    )
    assert api.post("/api/v1/spend-alerts", {"kind": "mood", "level": 1}, format="json").status_code == 422
    api.post("/api/v1/spend-alerts", {"kind": "amount", "level": 10}, format="json")
    spent(subscriptions.current_budget().cap_micros * 85 // 100)
    warnings.look()
    assert warned() == {("share", 50), ("amount", 10)}
    told = api.get("/api/v1/spend-warnings").json()["items"]
    assert {row["kind"] for row in told} == {"share", "amount"}
    assert api.delete(f"/api/v1/spend-alerts/{made.json()['id']}").status_code == 204
    assert api.delete(f"/api/v1/spend-alerts/{made.json()['id']}").status_code == 404
    assert [row["kind"] for row in api.get("/api/v1/spend-alerts").json()["items"]] == ["amount"]
    assert SpendAlert.objects.count() == 1


def test_a_letter_that_fails_is_tried_again(tenant, monkeypatch):
    """The row waits; after a day nobody wants it any more."""
    spent(subscriptions.current_budget().cap_micros)
    warnings.look()

    def away(*_args, **_kwargs):
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("billing.letters.send_mail", away)
        assert warnings.mail() == 0
    assert not SpendWarning.objects.exclude(mailed=None).exists()
    assert warnings.mail() == 2
    SpendWarning.objects.update(mailed=None, created=timezone.now() - timedelta(days=2))
    assert warnings.mail() == 0


def test_an_unusual_day_is_told(tenant):
    """Four weeks of small days, then a large one; a first week alone says nothing about what is usual."""
    from billing.books import charging
    from billing.books.facts import Fact

    now = timezone.now()
    facts = [
        Fact("tokens", 1, 10_000 + number % 3, "day", f"{number}", occurred_at=now - timedelta(days=number))
        for number in range(1, 6)
    ]
    charging.charge(facts)
    use(5_000_000)
    statistics.refresh()
    assert warnings.look() == 0
    facts = [
        Fact("tokens", 1, 10_000 + number % 3, "day", f"{number}", occurred_at=now - timedelta(days=number))
        for number in range(6, 20)
    ]
    charging.charge(facts)
    statistics.refresh()
    assert (warnings.look(), warnings.look()) == (1, 0)
    row = SpendWarning.objects.get()
    assert (row.kind, row.spent_micros, row.period) == ("day", 5_000_000, now.date())
    assert row.level < 5_000_000
    warnings.mail()
    assert "an unusual day of spending" in mail.outbox[-1].subject


def test_warnings_stay_with_their_tenant(tenant):
    """The other tenant spent nothing, and hears nothing."""
    other = open_tenant("globex")
    spent(subscriptions.current_budget().cap_micros)
    warnings.look()
    warnings.mail()
    assert {address for letter in mail.outbox for address in letter.to} == {f"owner@{tenant.slug}.example"}
    with tenant_context(other):
        assert not SpendWarning.objects.exists()
