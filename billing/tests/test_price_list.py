"""Plans and prices count from a moment on, for everybody or for one tenant, and old periods keep theirs."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_tenants.utils import tenant_context

from billing import agreements, price_list, standing, subscriptions
from billing.agreements import cost_of_use
from billing.models import Agreement, Budget, LedgerEntry, PlanTerms, Rate
from billing.plans import shipped
from billing.price_list import plan_at, plans_at, rates_at
from miosa.pg.platform import platform
from miosa.testing.fixtures import open_tenant
from tenants.models import AuditEntry, Membership

DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@pytest.fixture(autouse=True)
def fresh():
    """No test sees another's rows."""
    price_list.forget()
    yield
    price_list.forget()


def terms(effective, plan="pro", **values):
    base = {name: getattr(shipped()["pro"], name) for name in price_list.COLUMNS} | {"sandbox_hosts": ["*"]}
    with platform():
        row = PlanTerms.objects.create(plan=plan, effective=effective, **(base | values))
    price_list.forget()
    return row


def test_what_ships_counts_until_a_row_does(db):
    """A plan without a row is the file's; a row counts from its moment, the newest first."""
    now = timezone.now()
    with platform():
        PlanTerms.objects.all().delete()
    price_list.forget()
    assert plan_at("pro") == shipped()["pro"]
    row = terms(now - 2 * DAY, allowance_micros=7_000_000, name="Professional")
    terms(now + DAY, allowance_micros=9_000_000)
    with platform():
        row.prices.create(currency="JPY", interval="month", amount_minor=9900)
    price_list.forget()
    assert plan_at("pro", now - 3 * DAY) == shipped()["pro"]
    assert (plan_at("pro").name, plan_at("pro").allowance_micros) == ("Professional", 7_000_000)
    assert plan_at("pro").prices == {("JPY", "month"): 9900}
    assert plan_at("pro", now + 2 * DAY).allowance_micros == 9_000_000
    terms(now - DAY, plan="team", name="Team")
    assert set(plans_at()) == {*shipped(), "team"}
    with pytest.raises(KeyError):
        plan_at("gold")


def test_a_new_database_takes_over_what_ships(db):
    """The rows that a migration wrote say what the files say."""
    from importlib import import_module

    from django.apps import apps

    with platform():
        PlanTerms.objects.all().delete()
        Rate.objects.all().delete()
        import_module("billing.migrations.0010_price_list_and_agreements").take_over(apps, None)
        assert {row.plan: price_list.plan_of(row) for row in PlanTerms.objects.all()} == dict(shipped())
        assert Rate.objects.count() == len(rates_at())


@pytest.mark.parametrize("table", ["billing_planterms", "billing_planprice", "billing_rate"])
def test_the_application_cannot_write_the_price_list(db, table):
    """It reads; only the platform's login writes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute(f"DELETE FROM {table}")


def test_use_is_priced_by_the_price_of_its_moment(tenant):
    """A price that rises today leaves yesterday's use as it was; one tenant's price is its own."""
    now = timezone.now()
    with platform():
        Rate.objects.create(name="hosting_hour", effective=now - 2 * DAY, price_micros=3_600)
        Rate.objects.create(name="hosting_hour", effective=now - DAY / 2, price_micros=7_200)
    price_list.forget()
    assert cost_of_use("hosting_s", 10, now - DAY) == 10
    assert cost_of_use("hosting_s", 10) == 20
    row = subscriptions.agree(term="rate:hosting_hour", value=360, reason="friend", effective=now - DAY / 4)
    assert cost_of_use("hosting_s", 10) == 1
    assert cost_of_use("hosting_s", 10, now - DAY / 3) == 20
    with tenant_context(open_tenant("globex")):
        assert cost_of_use("hosting_s", 10) == 20
    subscriptions.end_agreement(row.pk)
    assert cost_of_use("hosting_s", 10) == 20


def test_an_agreement_changes_the_open_month(tenant):
    """Caps follow at once, and back when it ends; the audit log has both."""
    now = timezone.now()
    subscriptions.current_budget()
    free = shipped()["free"]
    more = subscriptions.agree(term="allowance_micros", value=5_000_000, reason="pilot", effective=now)
    subscriptions.agree(term="executions", value=None, reason="pilot", effective=now, expires=now + DAY)
    budget = Budget.objects.get()
    assert (budget.cap_micros, budget.executions_cap) == (5_000_000, None)
    assert subscriptions.current_plan().sandbox_boxes == free.sandbox_boxes
    subscriptions.end_agreement(more.pk)
    subscriptions.end_agreement(more.pk)
    assert Budget.objects.get().cap_micros == free.allowance_micros
    assert list(
        AuditEntry.objects.filter(action__startswith="agreement.")
        .order_by("number")
        .values_list("action", flat=True)
    ) == ["agreement.made", "agreement.made", "agreement.ended"]


def test_a_term_that_plans_have_no_more_is_passed_over(tenant):
    """An upgrade may take a limit away; what was agreed of it harms nobody."""
    Agreement.objects.create(term="parrots", value=3, reason="pilot", effective=timezone.now())
    Agreement.objects.create(term="rate:parrot", value=3, reason="pilot", effective=timezone.now())
    assert subscriptions.current_plan() == shipped()["free"]
    assert cost_of_use("hosting_s", 10) == 0


def test_an_agreed_allowance_never_ends_below_the_ceiling(tenant):
    """The ceiling of one execution comes down with it."""
    subscriptions.agree(term="allowance_micros", value=10, reason="closing", effective=timezone.now())
    assert subscriptions.current_plan().execution_ceiling_micros == 10


@pytest.mark.parametrize(
    ("term", "value", "why"),
    [("gold", 1, "no term"), ("sandbox_boxes", None, "without a limit"), ("seats", -1, "negative")],
)
def test_it_refuses_what_makes_no_sense(tenant, term, value, why):
    """With a sentence, and nothing is written."""
    with pytest.raises(ValueError, match=why):
        subscriptions.agree(term=term, value=value, reason="x", effective=timezone.now())
    with pytest.raises(ValueError, match="ends after"):
        subscriptions.agree(
            term="seats", value=1, reason="x", effective=timezone.now(), expires=timezone.now() - DAY
        )
    assert not Agreement.objects.exists()


def test_what_stands_there_is_counted_once_a_day(tenant):
    """Members by the day, priced by that day's price; what is younger than an hour is nobody's."""
    with platform():
        Rate.objects.create(name="seat_month", effective=timezone.now() - DAY, price_micros=3_000_000)
    price_list.forget()
    standing.count_standing()
    assert not LedgerEntry.objects.filter(meter="seat_days").exists()
    Membership.objects.update(created=timezone.now() - DAY)
    standing.count_standing()
    standing.count_standing()
    entry = LedgerEntry.objects.get(meter="seat_days")
    assert (entry.quantity, entry.cost_micros, entry.source) == (1, 100_000, "standing")
    assert Budget.objects.get().spent_micros == 100_000
    assert {"seat_days", "memory_row_days"} <= set(standing.REGISTERED)


def test_the_plans_are_told(api, tenant):
    """Each with its prices and limits; the tenant's own with what was agreed."""
    subscriptions.agree(term="seats", value=40, reason="pilot", effective=timezone.now())
    told = {plan["slug"]: plan for plan in api.get("/api/v1/plans").json()}
    assert [slug for slug, plan in told.items() if plan["current"]] == ["free"]
    assert told["free"]["limits"]["seats"] == 40
    assert {"currency": "USD", "interval": "year", "amount_minor": 99000, "amount": "990.00 USD"} in told[
        "pro"
    ]["prices"]
    assert agreements.agreed(shipped()["pro"]).seats == 40


def test_seats_are_as_many_as_the_plan_has(api, tenant):
    """An open invitation takes one; the answer is 402 and says what to do."""
    subscriptions.agree(term="seats", value=2, reason="pilot", effective=timezone.now())
    ask = {"email": "one@guest.example", "role": "viewer"}
    assert api.post("/api/v1/invitations", ask, format="json").status_code == 201
    refused = api.post("/api/v1/invitations", ask | {"email": "two@guest.example"}, format="json")
    assert (refused.status_code, refused.json()["seats"]) == (402, 2)
    assert "Revoke an invitation" in refused.json()["detail"]
