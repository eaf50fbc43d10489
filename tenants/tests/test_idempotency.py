"""A repeated POST gets the first answer."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from agents.models import Execution
from tenants import idempotency
from tenants.models import IdempotentRequest

TASK = {"request": "Say hello"}


def hand_in(api, key="k1", **payload):
    return api.post("/api/v1/tasks", TASK | payload, headers={"Idempotency-Key": key})


def test_it_answers_a_repetition_with_the_first_answer(api, tenant):
    """One execution, two equal answers, the second marked."""
    first, second = hand_in(api), hand_in(api)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    assert second["Idempotent-Replayed"] == "true"
    assert Execution.objects.count() == 1


def test_it_refuses_the_key_for_another_payload(api, tenant):
    """The same key with another body is a mistake of the caller, not a new task."""
    hand_in(api)
    refused = hand_in(api, request="Say goodbye")
    assert refused.status_code == 422
    assert Execution.objects.count() == 1


def test_it_does_not_keep_a_refusal(api, tenant):
    """What was refused may be corrected and sent again under the same key."""
    assert hand_in(api, mode="sideways").status_code == 422
    assert hand_in(api).status_code == 202


def test_it_keeps_tenants_apart(api, other_api, tenant, other_tenant, in_tenant):
    """The same key of another tenant is another request."""
    mine, theirs = hand_in(api), hand_in(other_api)
    assert mine.json()["id"] != theirs.json()["id"]
    with in_tenant(other_tenant):
        assert Execution.objects.count() == 1


def test_it_forgets_after_a_day(api, tenant):
    """An answer older than a day is not given again, and is cleared away."""
    hand_in(api)
    IdempotentRequest.objects.update(created=timezone.now() - timedelta(hours=25))
    assert "Idempotent-Replayed" not in hand_in(api)
    assert Execution.objects.count() == 2
    IdempotentRequest.objects.update(created=timezone.now() - timedelta(hours=25))
    assert idempotency.forget_old() == 1


@pytest.mark.parametrize("key", ["a" * 201, "line\x07bell"])
def test_it_refuses_a_key_that_is_none(api, tenant, key):
    """A key that cannot be stored is a bad request."""
    assert hand_in(api, key).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_it_answers_409_while_the_first_is_in_flight(api, tenant):
    """A twin of a request still at work is told so and changes nothing."""
    name = f"{tenant.pk} /api/v1/tasks k1".encode()
    other = connections.create_connection("default")
    lock = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])
        assert hand_in(api).status_code == 409
        other.rollback()
        assert hand_in(api).status_code == 202
    finally:
        other.close()
