"""Render's webhooks: signed, fresh and understood, or refused; a storm of them is still the same few events."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from deployments.targets.render.webhook import WebhookRefused, received, sign
from deployments.tests.render.specs import ends, spec

SECRET = "whsec_ZG91YmxlLXdlYmhvb2stc2VjcmV0"
BODY = b'{"type":"deploy_ended","timestamp":"2026-11-26T07:00:00Z","data":{"id":"evt-1","serviceId":"srv-1"}}'
NOW = 1_790_000_000.0


def headers(body=BODY, secret=SECRET, at=NOW, message_id="evt-1"):
    signature = sign(f"{message_id}.{int(at)}.".encode() + body, secret)
    return {
        "Webhook-Id": message_id,
        "Webhook-Timestamp": str(int(at)),
        "Webhook-Signature": f"v1,{signature}",
    }


def test_it_works():
    """A signed webhook becomes an event that says which service to look at."""
    event = received(BODY, headers(), [SECRET], now=NOW)
    assert (event.id, event.type, event.service_id) == ("evt-1", "deploy_ended", "srv-1")
    assert event.is_worth_a_look


def test_a_changed_secret_is_taken_beside_the_old_one():
    """Any of the secrets and any of the signatures will do."""
    both = headers() | {"Webhook-Signature": f"v1,AAAA {headers()['Webhook-Signature']} v2,BBBB"}
    assert received(BODY, both, ["whsec_b3RoZXI=", SECRET], now=NOW).id == "evt-1"


@pytest.mark.parametrize(
    ("body", "given", "secrets"),
    [
        (BODY + b" ", headers(), [SECRET]),
        (BODY, headers(), ["whsec_b3RoZXI="]),
        (BODY, headers(), []),
        (BODY, headers(secret="whsec_"), ["whsec_", ""]),
        (BODY, headers(at=NOW - 301), [SECRET]),
        (BODY, headers(at=NOW + 301), [SECRET]),
        (BODY, headers() | {"Webhook-Id": "evt-2"}, [SECRET]),
        (BODY, headers() | {"Webhook-Timestamp": "9" * 5000}, [SECRET]),
        (BODY, headers() | {"Webhook-Signature": "v1,é"}, [SECRET]),
        (BODY, {}, [SECRET]),
        (b"[]", headers(b"[]"), [SECRET]),
        (b"no json", headers(b"no json"), [SECRET]),
    ],
)
def test_anything_else_is_refused(body, given, secrets):
    """Altered, unsigned, old, from the future, keyless or not understood: refused."""
    with pytest.raises(WebhookRefused):
        received(body, given, secrets, now=NOW)


@pytest.fixture
def inbox(render):
    """A receiver on a socket that keeps what it takes."""
    taken = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                taken.append(received(body, dict(self.headers), [SECRET], now=render.clock.now().timestamp()))
                self.send_response(200)
            except WebhookRefused:
                self.send_response(401)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", taken
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_storm_is_the_same_few_events(render, target, inbox):
    """Each event ten times in any order: all are taken, and their ids are those of Render's own list."""
    import httpx

    url, taken = inbox
    body = {"ownerId": "tea-double", "name": "miosa", "url": url, "enabled": True, "eventFilter": []}
    made = httpx.post(f"{render.url}/webhooks", json=body, headers={"Authorization": f"Bearer {render.key}"})
    assert made.status_code == 201
    ref = target.apply(spec(), key="key-1")
    ends(render, target, ref)
    target.suspend(ref.place)
    statuses = render.delivery.flush(copies=10, seed=7)
    (service,) = render.world.services.values()
    assert set(statuses) == {200}
    assert len(taken) == 10 * len(service.events)
    assert {event.id for event in taken} == {event["id"] for event in service.events}
    assert {event.service_id for event in taken} == {service.id}


def test_a_replayed_one_is_refused(render, target, inbox):
    """What was signed ten minutes ago is not taken."""
    import httpx

    url, taken = inbox
    body = {"ownerId": "tea-double", "name": "miosa", "url": url, "enabled": True, "eventFilter": []}
    httpx.post(f"{render.url}/webhooks", json=body, headers={"Authorization": f"Bearer {render.key}"})
    target.apply(spec(), key="key-1")
    assert set(render.delivery.flush(late_s=600)) == {401}
    assert taken == []
