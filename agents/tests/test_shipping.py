"""From a task to an address that answers: the whole way on the real local target, with real boxes, without a model."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from django.db.models.functions import Now

from agents import orchestrator
from agents.models import Execution, Step
from billing.models import LedgerEntry
from deployments import steering
from deployments.lifecycle.advance import advance
from deployments.models import Approval, Deployment, Project, Release, Service
from deployments.targets import registry
from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import server_fixture  # noqa: F401
from deployments.tests.hosting_fixtures import host_fixture  # noqa: F401
from deployments.tests.sandboxes_here import sandboxes_fixture  # noqa: F401
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer

pytestmark = [pytest.mark.django_db(databases="__all__", transaction=True), needs_boxes]
PAGE = "Build a small web page that introduces a bakery called Aurora with its opening hours"
APP = "Build a Flask app that keeps a list of books with title and author"


@pytest.fixture
def ready(settings, host, sandboxes, tenant, embeddings_url):
    """The product's settings pointed at the servers of the test; no model is of any use."""
    with WireServer(lambda _asked: Reply(text="no no no no")) as wire:
        here = {"hosting_url": host.control_url, "sandboxes_url": sandboxes.url, "e2b_api_key": ""}
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **here)
        registry.local.cache_clear()
        with providers(local=wire.url.removesuffix("/v1"), embeddings=embeddings_url):
            yield
    registry.local.cache_clear()


def handed_in(api, request, **more):
    answer = api.post("/api/v1/tasks", {"request": request, "deploy": True, **more})
    assert answer.status_code == 202, answer.content
    return Execution.objects.get(pk=answer.json()["id"])


def worked(execution, *, decide=None, most=120):
    """Work as workers would, with every wait over at once; `decide` is given each approval that is asked for."""
    for _ in range(most):
        Step.objects.filter(execution=execution, state=Step.State.READY).update(run_after=Now())
        for pk in Step.objects.filter(execution=execution, state=Step.State.READY).values_list(
            "pk", flat=True
        ):
            orchestrator.run_step(UUID(str(execution.tenant_id)), pk)
        for asked in Approval.objects.filter(state="pending"):
            if decide:
                decide(asked)
        Deployment.objects.filter(run_after__isnull=False, lease_until__isnull=True).update(run_after=Now())
        for pk in Deployment.objects.exclude(
            state__in=("live", "failed", "canceled", "superseded")
        ).values_list("pk", flat=True):
            advance(UUID(str(execution.tenant_id)), pk)
        execution.refresh_from_db()
        if execution.finished:
            break
    return execution


def yes(asked):
    steering.decide(asked.pk, approve=True, digest=asked.digest, actor="user:owner")


def no(asked):
    steering.decide(asked.pk, approve=False, digest=asked.digest, actor="user:owner", note="not today")


@pytest.mark.parametrize(
    ("request_text", "template", "says"), [(PAGE, "static", "Aurora"), (APP, "flask", "Books")]
)
def test_it_goes_online_on_one_trace(api, ready, request_text, template, says):
    """Made from a template, and said so; approved, deployed, healthy; it answers; every row carries the execution's id."""
    execution = worked(handed_in(api, request_text), decide=yes)
    assert execution.state == "completed", execution.output
    shipment = execution.data["shipment"]
    answer = httpx.get(shipment["url"], trust_env=False, timeout=30)
    assert (answer.status_code, says in answer.text) == (200, True)
    assert f"the {template} template" in execution.output
    assert "no model wrote its code" in execution.output
    assert shipment["url"] in execution.output
    release = Release.objects.get()
    assert (release.execution_id, release.checksum) == (execution.pk, shipment["checksum"])
    assert all(one["passed"] for one in release.evidence)
    deployment = Deployment.objects.get()
    assert (deployment.execution_id, deployment.state) == (execution.pk, "live")
    assert Approval.objects.get().execution_id == execution.pk
    meters = LedgerEntry.objects.filter(execution_id=execution.pk).values_list("meter", flat=True)
    assert "sandbox_ms" in meters


def test_nothing_goes_online_before_somebody_said_yes(api, ready):
    """The exact effect is asked for once, however often the step comes back; then a refusal ends it, and loses nothing."""
    execution = worked(handed_in(api, PAGE), most=15)
    assert execution.finished is None
    asked = Approval.objects.get()
    assert asked.effect["checksum"] == Release.objects.get().checksum
    assert not Deployment.objects.exists()
    execution = worked(execution, decide=no)
    assert execution.state == "completed"
    assert "Not released" in execution.output
    assert "not today" in execution.output
    assert not Deployment.objects.exists()
    assert Release.objects.count() == 1


def test_nobody_answers(api, ready):
    """The time for an answer is over: it is told, and the release is kept."""
    execution = worked(handed_in(api, PAGE), most=15)
    Approval.objects.update(expires=Now() - timedelta(seconds=1))
    execution = worked(execution)
    assert "nobody answered in time" in execution.output
    assert Release.objects.count() == 1


def test_the_next_release_of_a_project(api, ready):
    """A task that names the project adds a release to it; the service stays where it is."""
    first = worked(handed_in(api, PAGE), decide=yes)
    project = Project.objects.get()
    second = worked(handed_in(api, f"{PAGE} and its cakes", project=project.slug), decide=yes)
    assert [one.execution_id for one in Release.objects.order_by("number")] == [first.pk, second.pk]
    assert Service.objects.get().current_id == Deployment.objects.order_by("-created").first().pk
    assert first.data["shipment"]["url"] == second.data["shipment"]["url"]


def test_a_deployment_that_fails_is_told_with_its_reason(api, ready, settings):
    """Where the host does not answer, the task does not pretend."""

    def away(asked):
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, hosting_url="http://:x@127.0.0.1:9")
        registry.local.cache_clear()
        yes(asked)

    execution = worked(handed_in(api, PAGE), decide=away)
    assert "Not online" in execution.output
    assert "The hosting server does not answer" in execution.output
    assert Release.objects.count() == 1, "what was made is kept"
    assert execution.data["shipment"]["live"] is False
