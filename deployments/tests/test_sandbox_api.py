"""Runs over the API: accepted, done by a worker, fetched, cancelled, kept apart."""

import threading
import time

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from billing.models import LedgerEntry
from deployments import sandbox_runs, sandbox_runs_detached
from deployments.models import SandboxRun
from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import server_fixture  # noqa: F401
from deployments.tests.sandboxes_here import sandboxes_fixture  # noqa: F401
from miosa.embedded.processes import until
from miosa.testing.fixtures import client_of, open_tenant

pytestmark = [
    needs_boxes,
    pytest.mark.django_db(databases="__all__", transaction=True),
    pytest.mark.usefixtures("sandboxes"),
]
PLACE = "/api/v1/sandbox-runs"


def test_it_works():
    """202 with the run's place; a worker does it; output and end are fetched there."""
    acme, client = _client()
    answer = client.post(
        PLACE, {"command": "echo hi; cat in.txt", "files": {"in.txt": "given"}}, format="json"
    )
    assert answer.status_code == 202
    assert answer.json()["state"] == "queued"
    _work(acme)
    run = client.get(answer.headers["Location"]).json()
    assert (run["state"], run["exit_code"], run["stdout"]) == ("completed", 0, "hi\ngiven")
    assert client.get(PLACE).json()["items"][0]["id"] == run["id"]
    assert client.get(f"{PLACE}?state=queued").json()["items"] == []
    with tenant_context(acme):
        assert LedgerEntry.objects.get(source="sandbox_run").quantity == run["box_ms"]


def test_code_has_rich_results():
    """A cell's last value comes back with its formats."""
    acme, client = _client()
    place = client.post(PLACE, {"code": "print('x')\n{'a': 1}"}, format="json").headers["Location"]
    _work(acme)
    run = client.get(place).json()
    assert (run["state"], run["stdout"]) == ("completed", "x\n")
    assert run["results"][0]["text"] == "{'a': 1}"
    assert run["results"][0]["is_main_result"] is True


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"code": "1", "command": "true"}, 422),
        ({"code": "1", "colour": "red"}, 422),
        ({"code": "1", "language": "cobol"}, 422),
        ({"command": "true", "files": {"../x": "y"}}, 422),
        ({"command": "true", "timeout_s": 100_000}, 422),
        ({"command": "true\0"}, 400),
        ({"command": "true", "hosts": ["example.org"]}, 403),
    ],
)
def test_what_cannot_be_run_is_refused(body, status):
    """Nothing is written."""
    acme, client = _client()
    assert client.post(PLACE, body, format="json").status_code == status
    with tenant_context(acme):
        assert not SandboxRun.objects.exists()


def test_a_repeated_post_makes_one_run():
    """The same key, the same run."""
    acme, client = _client()
    first, again = (
        client.post(PLACE, {"command": "true"}, format="json", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )
    assert first.json()["id"] == again.json()["id"]
    with tenant_context(acme):
        assert SandboxRun.objects.count() == 1


def test_a_queued_run_is_cancelled():
    """It is never begun; a second cancellation is a conflict."""
    acme, client = _client()
    place = client.post(PLACE, {"command": "echo never"}, format="json").headers["Location"]
    assert client.post(f"{place}/cancellation").json()["state"] == "cancelled"
    _work(acme)
    assert client.get(place).json()["stdout"] == ""
    assert client.post(f"{place}/cancellation").status_code == 409


def test_a_running_run_is_cancelled():
    """Its box is ended long before its time, and what it lived is charged."""
    acme, client = _client()
    place = client.post(PLACE, {"command": "sleep 60", "timeout_s": 60}, format="json").headers["Location"]
    worker = threading.Thread(target=_work, args=(acme,))
    began = time.monotonic()
    worker.start()
    try:
        assert until(lambda: client.get(place).json()["state"] == "running", timeout_s=10)
        assert client.post(f"{place}/cancellation").status_code == 200
    finally:
        worker.join(30)
    assert time.monotonic() - began < 20
    assert client.get(place).json()["state"] == "cancelled"
    with tenant_context(acme):
        assert LedgerEntry.objects.filter(source="sandbox_run").count() == 1


def test_a_dead_workers_run_is_taken_over():
    """Its lease is over, it is rung again, and the next worker does it; the dead one may write nothing more."""
    acme, client = _client()
    place = client.post(PLACE, {"command": "echo done"}, format="json").headers["Location"]
    run_id = place.rpartition("/")[2]
    with tenant_context(acme):
        fence = sandbox_runs.claim(run_id, boxes=2, lease_s=-1)
    assert [str(run) for _, run in sandbox_runs.due()] == [run_id]
    _work(acme)
    with tenant_context(acme):
        assert sandbox_runs.finish(run_id, fence, {"stdout": "from the dead"}) is False
    assert client.get(place).json()["stdout"] == "done\n"


def test_an_abandoned_run_of_a_task_fails():
    """Nobody waits for it any more: it is not begun again, and says why."""
    acme, _ = _client()
    with tenant_context(acme):
        row = sandbox_runs.open_run(sandbox="bubblewrap")
        sandbox_runs.claim(row.pk, boxes=2, lease_s=-1)
    assert sandbox_runs.due() == []
    with tenant_context(acme):
        row.refresh_from_db()
        assert (row.state, row.error) == ("failed", sandbox_runs.ABANDONED)


def test_another_tenants_run_is_not_there():
    """404 for its page and its cancellation; it is not listed."""
    _, client = _client()
    place = client.post(PLACE, {"command": "true"}, format="json").headers["Location"]
    neighbour = client_of(open_tenant("globex"))
    assert neighbour.get(place).status_code == 404
    assert neighbour.post(f"{place}/cancellation").status_code == 404
    assert neighbour.get(PLACE).json()["items"] == []


def _client():
    acme = open_tenant("acme")
    with tenant_context(acme):
        return acme, client_of(acme)


def _work(tenant):
    """Do what a worker does when its bell rings."""
    with tenant_context(tenant):
        for run_id in list(SandboxRun.objects.filter(state="queued").values_list("pk", flat=True)):
            sandbox_runs_detached.run(tenant.pk, run_id)
    connection.close()
