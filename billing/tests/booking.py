"""Credit given and used in tests, and where the money came from."""

from datetime import timedelta

from billing.books import charging, granting
from billing.books.facts import Fact
from billing.books.granting import Given
from billing.models import Grant, Posting

HOUR = timedelta(hours=1)


def give(name, micros, kind=Grant.Kind.PREPAID, **values):
    return granting.grant(Given(kind, micros, name, "test", name, **values))[0]


def use(micros, name="u"):
    facts = [Fact("tokens", 1, micros, "test", name)]
    return next(iter(charging.charge(facts)))


def left():
    return dict(Grant.objects.values_list("name", "remaining_micros"))


def paid_by(entry):
    rows = Posting.objects.filter(entry_id=entry).order_by("id")
    return {(row.debit, row.grant and row.grant.name): row.amount_micros for row in rows}
