"""Render's webhooks make the next look sooner, and are believed no further than that."""

import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments.models import Deployment, Service
from deployments.targets.render.webhook import sign
from deployments.tests.plain_world import plain_world

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROOT = "/api/v1"
SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ="


@pytest.fixture
def world(tenant, tmp_path):
    with plain_world(tmp_path / "plain") as made:
        yield made


@pytest.fixture
def signed(settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, render_webhook_secret=SECRET)

    def headers(body, *, at=None, secret=SECRET):
        moment = str(int(at or time.time()))
        signature = sign(f"msg_1.{moment}.".encode() + body, secret)
        return {"webhook-id": "msg_1", "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}

    return headers


def test_a_webhook_is_a_hint(api, world, signed, client, django_assert_max_num_queries):
    """It makes the next look sooner, changes no state, and a storm of the same is cheap."""
    release = {"release_id": str(world.release().pk), "target": "plain"}
    row = Deployment.objects.get(pk=api.post(f"{ROOT}/deployments", release).json()["id"])
    Service.objects.update(target="render", external_id="srv-1")
    Deployment.objects.update(run_after=timezone.now() + timedelta(hours=1))
    body = json.dumps(
        {"type": "deploy_ended", "data": {"id": "evt-1", "serviceId": "srv-1", "status": "succeeded"}}
    ).encode()

    def sent():
        return client.post(
            f"{ROOT}/webhooks/render", body, content_type="application/json", headers=signed(body)
        ).status_code

    assert sent() == 202
    row.refresh_from_db()
    assert row.state == "queued"
    assert row.run_after <= timezone.now()
    with django_assert_max_num_queries(40):
        assert [sent() for _ in range(10)] == [202] * 10


def test_a_webhook_of_a_stranger_is_refused(client, signed, world):
    """Altered, old, signed by another, or unknown: nothing is looked at."""
    body = b'{"type": "deploy_ended", "data": {"id": "evt-1", "serviceId": "srv-1"}}'
    place = f"{ROOT}/webhooks/render"
    for headers in (
        signed(body + b" "),
        signed(body, at=time.time() - 1000),
        signed(body, secret="whsec_b3RoZXI="),
        {},
    ):
        assert client.post(place, body, content_type="application/json", headers=headers).status_code == 401


def test_without_a_secret_there_is_no_webhook(client):
    """The route says what to set."""
    answer = client.post(f"{ROOT}/webhooks/render", b"{}", content_type="application/json")
    assert answer.status_code == 404
    assert "RENDER_WEBHOOK_SECRET" in answer.json()["detail"]
