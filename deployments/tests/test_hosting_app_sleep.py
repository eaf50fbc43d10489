"""An app nobody asks sleeps: it costs nothing, wakes by a request, and is not kept awake by the product's own looks."""

import time

import httpx

from deployments.tests.boxes import needs_boxes
from deployments.tests.hosting_server import Customer, Server
from deployments.tests.test_hosting_apps import PLAIN, SOCKET, web
from miosa.embedded.processes import until

pytestmark = needs_boxes


def test_an_idle_app_sleeps_and_wakes_by_a_request(tmp_path):
    """Nothing runs while nobody asks; the next request is answered all the same, and the wake is counted."""
    server = Server(tmp_path / "state", "--idle", "0.5")
    try:
        app = Customer(server, recipe=web(PLAIN))
        ref = app.deploy("one", {"app.py": SOCKET.format(body='b"awake"')})
        place = (app.tenant_id, app.name)
        assert until(lambda: not server.target.host.site(place)["running"], timeout_s=20)
        begun = time.monotonic()
        assert app.open(ref).text == "awake"
        assert time.monotonic() - begun < 10
        told = dict.fromkeys(("wakes", "egress_bytes"), 0)
        # What was sent is counted when its answer has ended, which its reader may know before the host does.
        assert until(lambda: read_usage(server, told)["egress_bytes"] > 0, timeout_s=10)
        assert told["wakes"] >= 1
    finally:
        server.stop()


def test_an_app_that_still_starts_is_not_put_to_sleep(tmp_path):
    """Nobody can ask it yet, and whoever deploys it waits."""
    server = Server(tmp_path / "state", "--idle", "0.5")
    try:
        app = Customer(server, recipe=web(f"sleep 2; {PLAIN}"))
        ref = app.deploy("one", {"app.py": SOCKET.format(body='b"here"')})
        assert app.open(ref).text == "here"
    finally:
        server.stop()


def read_usage(server, told):
    """Add one batch to what was told: it is told unchanged until it is acknowledged, and acknowledged once."""
    batch = server.target.host.usage()
    if batch["batch"]:
        assert server.target.host.usage() == batch
        assert server.target.host.acknowledge(batch["batch"])
        assert not server.target.host.acknowledge(batch["batch"])
    for row in batch["services"]:
        for name in told:
            told[name] += row[name]
    return told


def test_a_look_is_no_visit(tmp_path):
    """The product's own looks neither keep an app awake nor cost anything; who only claims to look is a visitor."""
    server = Server(tmp_path / "state", "--idle", "3")
    try:
        app = Customer(server, recipe=web(PLAIN))
        code = SOCKET.format(body="str(dict(self.headers)).lower().encode()")
        ref = app.deploy("one", {"app.py": code})
        if waiting := server.target.host.usage()["batch"]:
            server.target.host.acknowledge(waiting)
        status = app.status(ref)
        assert not status.asleep
        assert "x-miosa-look" not in httpx.get(status.url, headers=status.look_headers, trust_env=False).text

        def asleep():
            seen = app.status(ref)
            if not seen.asleep:
                assert httpx.get(seen.url, headers=seen.look_headers, trust_env=False).status_code == 200
            return seen.asleep

        assert until(asleep, timeout_s=20, interval_s=0.2)
        assert sum(row["egress_bytes"] for row in server.target.host.usage()["services"]) == 0
        assert app.open(ref, headers={"x-miosa-look": "0" * 64}).status_code == 200
        assert not app.status(ref).asleep
    finally:
        server.stop()
