"""What is fitted is fitted anew by itself, for the tenants that were told something."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from routing import calibrations, relearning, verdicts
from routing.models import Calibration, Outcome
from routing.tasks import relearn, relearn_tenant
from routing.tests.history import decisions

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
MODEL = "openai/gpt-oss-20b"


def told(count: int) -> None:
    for number, decision in enumerate(decisions(count, MODEL)):
        verdicts.checked(decision.pk, success=True, confidence=9.0)
        verdicts.told_by_people(decision.pk, value=Decimal(number % 2))


def test_it_fits_for_who_was_told_something(tenant, other_tenant):
    """Only the tenant with new outcomes is due, and its map is there afterwards."""
    told(40)
    assert relearning.due() == [tenant.pk]
    relearn_tenant(str(tenant.pk))
    calibrations.forget()
    assert Calibration.objects.get().labels == 40
    assert calibrations.calibrated("quality", 9.0) < 8


def test_nobody_is_due_for_what_is_long_known(tenant):
    """Outcomes from before the last rounds bring nobody back."""
    told(2)
    Outcome.objects.update(created=timezone.now() - timedelta(seconds=relearning.LOOK_BACK_S + 60))
    assert relearning.due() == []


def test_the_round_rings_for_each(tenant, settings):
    """The beat's task sends one message for each tenant that is due; a broker that is away costs time only."""
    told(2)
    relearn()


def test_a_tenant_that_is_gone_is_nothing_to_do(tenant):
    """A message for a tenant that was erased ends quietly."""
    relearn_tenant("00000000-0000-4000-8000-000000000000")
