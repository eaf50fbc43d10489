"""A web process dies in the middle of a POST; whoever sends it again is answered as if it had been the first time."""

import pytest

from agents.models import Artefact, Execution
from agents.tests.dying import Doomed, every_death, mortal, until_nothing_is_due
from agents.tests.dying_world import nobody_before
from billing.models import Budget, Reservation
from miosa.testing.fixtures import client_of
from miosa.testing.flows import providers
from tenants.models import IdempotentRequest

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
TASK = {
    "request": "Check the health of the platform: which models failed, and how long did they take?",
    "files": [{"path": "a.txt", "text": "one"}],
}


def hand_in(api):
    """Send the task under the same key as ever."""
    return api.post("/api/v1/tasks", TASK, headers={"Idempotency-Key": "k1"})


def test_a_task_that_is_sent_again_is_one_execution(db):
    """Killed in each transaction and between them: one execution, one reservation, one answer, and it is worked on."""

    def run(doomed):
        with nobody_before() as made:
            api = client_of(made)
            with mortal(doomed):
                hand_in(api)
            first, again = hand_in(api), hand_in(api)
            assert (first.status_code, again["Idempotent-Replayed"]) == (202, "true"), doomed
            assert (first.json(), first["Location"]) == (again.json(), again["Location"]), doomed
            assert [str(row.pk) for row in Execution.objects.all()] == [first.json()["id"]], doomed
            assert (Reservation.objects.count(), Artefact.objects.count()) == (1, 1), doomed
            assert IdempotentRequest.objects.count() == Budget.objects.get().executions_used == 1, doomed
            until_nothing_is_due(Doomed)
            assert Execution.objects.get().state == "completed", doomed

    with providers():
        assert every_death(run) > 5
