"""Feedback on a whole execution: each answer that was used in it, and none twice."""

from datetime import timedelta
from uuid import uuid4

from routing.models import Feedback, Outcome
from routing.tests.answered import answered

URL = "/api/v1/feedback"


def give(client, execution_id, value=True):
    return client.post(URL, {"execution_id": str(execution_id), "value": value}, format="json")


def test_it_reaches_every_answer(api, tenant):
    """One word on an execution is stored for each of its answered decisions, and says for how many."""
    execution = uuid4()
    used = [answered(execution_id=execution) for _ in range(3)]
    answered(execution_id=execution, ok=False)
    answered(execution_id=uuid4())
    told = give(api, execution, 8)
    assert told.status_code == 201
    assert told.json()["count"] == 3
    assert {row["decision_id"] for row in told.json()["items"]} == {str(one.pk) for one in used}
    assert set(Outcome.objects.values_list("decision_id", flat=True)) == {one.pk for one in used}


def test_it_passes_over_what_was_spoken_of(api, tenant):
    """A decision with feedback of its own keeps it."""
    execution = uuid4()
    first, second = answered(execution_id=execution), answered(execution_id=execution)
    api.post(URL, {"decision_id": str(first.pk), "value": False}, format="json")
    assert give(api, execution).json()["count"] == 1
    assert Feedback.objects.get(decision=first).value == 0
    assert Feedback.objects.get(decision=second).value == 1


def test_a_second_word_on_all_of_it_is_refused(api, tenant):
    """Once every answer has feedback, the next one is told who gave it."""
    execution = uuid4()
    answered(execution_id=execution)
    give(api, execution)
    told = give(api, execution, False)
    assert told.status_code == 409
    assert told.json()["given_by"].startswith("key:")
    assert Feedback.objects.get().value == 1


def test_only_what_is_recent_is_spoken_of(api, tenant):
    """Answers older than 30 days are left out; an execution of nothing else is refused."""
    execution, old = uuid4(), timedelta(days=31)
    late, recent = answered(execution_id=execution, age=old), answered(execution_id=execution)
    assert give(api, execution).json()["count"] == 1
    assert not Feedback.objects.filter(decision=late).exists()
    assert Feedback.objects.filter(decision=recent).exists()
    told = give(api, execution)
    assert told.status_code == 422
    assert "30 days" in told.json()["detail"]


def test_one_that_asked_no_model_is_unknown(api, tenant):
    """Where no model answered there is nothing to speak of."""
    execution = uuid4()
    answered(execution_id=execution, ok=False)
    assert give(api, execution).status_code == 404
