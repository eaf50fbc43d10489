"""Webhooks: signed over the raw body, kept once, answered at once, applied from what Stripe says now."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import stripe
from django.db import connections
from rest_framework.test import APIClient

from billing.models import Budget, Grant, StripeEvent
from billing.payments import inbox, shop
from billing.subscriptions import current_budget
from billing.tests.conftest import SECRET
from miosa.testing.stripe_double import checkout
from miosa.testing.stripe_double.delivery import deliver, signed
from miosa.testing.web_process import web_process

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
PATH = "/api/v1/webhooks/stripe"
EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "plan.created",
    "created": 1,
    "livemode": False,
    "data": {"object": {}},
}


def sent(body, signature):
    return APIClient().post(PATH, data=body, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature)


def events(**where):
    return StripeEvent.objects.using("platform").filter(**where)


def test_our_double_signs_as_the_sdk_does():
    """Or the tests below would prove nothing."""
    body, signature = signed(EVENT, SECRET)
    assert stripe.Webhook.construct_event(body, signature, SECRET)["id"] == "evt_1"


def test_what_is_signed_is_kept_once(tenant, there):
    """The second time it is known; both are answered 200."""
    body, signature = signed(EVENT, SECRET)
    answers = [sent(body, signature).json() for _ in range(2)]
    assert answers == [{"received": True, "new": True}, {"received": True, "new": False}]
    assert events().count() == 1
    assert inbox.apply_due() == 1
    assert events().get().state == "ignored"


@pytest.mark.parametrize(
    "wrong", ["altered", "old", "other secret", "no signature", "dumped again", "nonsense"]
)
def test_what_is_not_from_stripe_is_refused(tenant, there, wrong):
    """401, and nothing is kept."""
    body, signature = signed(EVENT, "whsec_other" if wrong == "other secret" else SECRET)
    if wrong == "altered":
        body = body.replace(b"plan.created", b"plan.deleted")
    if wrong == "dumped again":
        body = json.dumps(json.loads(body)).encode()
    if wrong == "old":
        body, signature = signed(EVENT, SECRET, at=int(time.time()) - 301)
    signature = {"no signature": "", "nonsense": "t=x,v1=\xff"}.get(wrong, signature)
    answer = sent(body, signature)
    assert (answer.status_code, events().count()) == (401, 0)


def test_a_signed_body_that_is_no_event(tenant, there):
    """400: whoever has the secret may still send nonsense."""
    for nonsense in (
        {"id": 5},
        {"id": "", "type": "x", "created": 1},
        {"id": "e" * 99, "type": "x", "created": 1},
        [1],
    ):
        assert sent(*signed(nonsense, SECRET)).status_code == 400
    assert not events().exists()


def test_secrets_rotate(tenant, there, settings):
    """Both are valid while one replaces the other; then the old one is not."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="whsec_new,whsec_first")
    assert sent(*signed(EVENT, SECRET)).status_code == 200
    assert sent(*signed({**EVENT, "id": "evt_2"}, "whsec_new")).status_code == 200
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="whsec_new")
    assert sent(*signed({**EVENT, "id": "evt_3"}, SECRET)).status_code == 401


def test_an_empty_secret_verifies_nothing(tenant, there, settings):
    """A signature made with an empty secret would fit it."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="")
    assert sent(*signed(EVENT, "")).status_code == 401
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, stripe_webhook_secret="whsec_a,")
    assert sent(*signed(EVENT, "")).status_code == 401


def test_without_a_key_there_is_no_webhook(tenant):
    """404 with the reason."""
    answer = sent(*signed(EVENT, SECRET))
    assert (answer.status_code, "STRIPE_SECRET_KEY" in answer.json()["detail"]) == (404, True)


def test_fifty_copies_at_once_are_one_effect(tenant, there, tmp_path, settings, monkeypatch):
    """By the real server: a pack that is paid once is credit once, and everybody is answered 200."""
    session = shop.buy_pack(5_000)
    checkout.complete(there.world, session["id"])
    environment = {
        "STRIPE_SECRET_KEY": there.key, "STRIPE_API_BASE": there.url, "STRIPE_WEBHOOK_SECRET": SECRET,
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    before = current_budget().cap_micros
    paid = [one for one in there.world.events if one["type"] == "checkout.session.completed"]
    with web_process(tmp_path / "log") as port:
        statuses = deliver(paid, f"http://127.0.0.1:{port}{PATH}", SECRET, copies=50, at_once=10)
    assert statuses == [200] * 50

    def work(_number):
        try:
            return inbox.apply_due()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 1
    assert Grant.objects.get(source="stripe").amount_micros == 50_000_000
    assert Budget.objects.get().cap_micros == before + 50_000_000
