"""Rows by the thousand arrive as the ORM's own would, and twice is once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, transaction

from miosa.pg.rows import insert_new
from routing.models import Decision, ModelCall
from routing.tests.pictured import decided as decision

pytestmark = pytest.mark.django_db
EAST = datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC) + timedelta(hours=5)


def call(stored, number, **more):
    return ModelCall(
        decision=stored, number=number, model='a"b\\c', provider="グロック", winner=False, status=None,
        error="two\nlines\t{}", cost_micros=2**40, created=EAST, **more,
    )  # fmt: skip


def test_every_column_arrives_as_it_was(tenant):
    """Text that needs quoting, nothing, large numbers, moments and documents."""
    stored = decision()
    made = [call(stored, number) for number in (1, 2)]
    insert_new(made)
    read = list(ModelCall.objects.order_by("number"))
    for row, was in zip(read, made, strict=True):
        for field in ModelCall._meta.concrete_fields:
            assert getattr(row, field.attname) == getattr(was, field.attname), field.name


def test_documents_and_floats_arrive_to_the_digit(tenant):
    """A decision with its ranking, copied."""
    was = decision()
    was.propensity, was.ranked, was.pk = 0.1 + 0.2, [{"a": [1, None, "x\u2028"], "b": 1e-17}], UUID(int=7)
    insert_new([was])
    read = Decision.objects.get(pk=UUID(int=7))
    for field in Decision._meta.concrete_fields:
        assert getattr(read, field.attname) == getattr(was, field.attname), field.name


def test_what_is_there_is_left_alone(tenant):
    """The same id, and another id with the same number, change nothing."""
    stored = decision()
    first = call(stored, 1)
    insert_new([first])
    again = call(stored, 1, latency_ms=99)
    again.pk = first.pk
    insert_new([again, call(stored, 1, latency_ms=98), call(stored, 2)])
    assert list(ModelCall.objects.order_by("number").values_list("number", "latency_ms")) == [(1, 0), (2, 0)]


def test_what_does_not_fit_is_refused_whole(tenant):
    """Too long a text, and a constraint that does not hold: nothing of the rows is stored."""
    stored = decision()
    for wrong, error in (({"finish_reason": "x" * 99}, DataError), ({"latency_ms": -1}, IntegrityError)):
        with pytest.raises(error), transaction.atomic():
            insert_new([call(stored, 1), call(stored, 2, **wrong)])
    assert not ModelCall.objects.exists()


def test_another_tenants_row_is_refused(tenant, other_tenant):
    """The wall holds here as everywhere."""
    row = call(decision(), 1)
    row.tenant_id = other_tenant.pk
    with pytest.raises(Exception, match="row-level security"), transaction.atomic():
        insert_new([row])


def test_nothing_is_nothing(tenant):
    """No rows, no statement."""
    insert_new([])
    assert not ModelCall.objects.exists()
