"""Apps in boxes behind the proxy: started, checked, switched, gone back from, asleep and awake, given up."""

from dataclasses import replace

import httpx
import pytest

from deployments.targets.contract import Kind, Phase, Recipe
from deployments.targets.errors import TargetError
from deployments.tests.boxes import needs_boxes
from deployments.tests.hosting_fixtures import customer_fixture, host_fixture  # noqa: F401
from miosa.embedded.processes import until

pytestmark = needs_boxes

FLASK = """
import os
from flask import Flask, request
app = Flask(__name__)
@app.get("/")
def index():
    return {text!r} + os.environ.get("GREETING", "")
@app.get("/headers")
def headers():
    return dict(request.headers)
@app.get("/cookie")
def cookie():
    return "set", 200, {{"Set-Cookie": "a=b; Domain=127.0.0.1", "Clear-Site-Data": "*", "Server": "mine"}}
@app.post("/size")
def size():
    return str(len(request.get_data()))
@app.get("/crash")
def crash():
    os._exit(3)
"""
START = "exec python3 -m gunicorn --bind 127.0.0.1:$PORT --threads 2 app:app"
PLAIN = "exec python3 app.py"
SOCKET = """
import http.server, os
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = {body}
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers(); self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
"""


def web(start=START, **more):
    return Recipe(kind=Kind.WEB, runtime="python", start=start, **more)


def flask(text="hello"):
    return {"app.py": FLASK.format(text=text)}


@pytest.fixture
def app(customer):
    customer.recipe = web()
    return customer


def test_it_is_seen_before_it_gets_traffic_and_switched(app):
    """A candidate has an address of its own; the old release serves until all traffic is the new one's."""
    first = app.deploy("one", flask("first"))
    assert app.open(first).text == "first"
    second = app.server.target.apply(app.spec(flask("second")), key="two")
    status = app.settled(second)
    assert httpx.get(status.candidate_url, trust_env=False).text == "second"
    assert app.open(first).text == "first"
    app.server.target.promote(second)
    assert app.open(second).text == "second"
    back = app.server.target.rollback(first, app.spec(flask("first")), key="three")
    app.settled(back)
    assert app.open(back).text == "first"


def test_a_share_of_the_traffic_is_a_share(app):
    """A client stays with what it got; of many about so many get the new one."""
    app.deploy("one", flask("old"))
    second = app.server.target.apply(app.spec(flask("new")), key="two")
    url = app.settled(second).url
    app.server.target.promote(second, percent=30)
    answers = [
        httpx.get(url, headers={"User-Agent": f"client {n}"}, trust_env=False).text for n in range(120)
    ]
    assert 15 <= answers.count("new") <= 60
    again = [httpx.get(url, headers={"User-Agent": f"client {n}"}, trust_env=False).text for n in range(20)]
    assert again == answers[:20]
    app.server.target.promote(second, percent=0)
    assert httpx.get(url, headers={"X-Canary": "never"}, trust_env=False).text == "old"


def test_headers_are_told_and_kept_apart(app):
    """Forwarded headers are ours, cookies of the shared host name reach nobody."""
    ref = app.deploy("one", flask())
    seen = app.open(ref, "headers", headers={"Cookie": "sessionid=1", "X-Forwarded-For": "10.0.0.1"}).json()
    assert "Cookie" not in seen
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["X-Forwarded-Prefix"].startswith(f"/{app.name}/")
    told = app.open(ref, "cookie")
    assert "set-cookie" not in told.headers
    assert "clear-site-data" not in told.headers
    assert told.headers["content-security-policy"].startswith("sandbox ")


def test_bodies_pass_through(app):
    """Five megabytes in."""
    ref = app.deploy("one", flask())
    assert app.open(ref, "size", method="POST", content=b"x" * 5_000_000).text == "5000000"


def test_variables_reach_the_app_and_nothing_else(app):
    """They are sealed on disk, and no log holds them."""
    ref = app.deploy("one", flask(), variables={"GREETING": " to-everybody-4711"})
    assert app.open(ref).text == "hello to-everybody-4711"
    kept = [path for path in app.server.folder.rglob("*") if path.is_file() and "secrets" not in path.parts]
    assert kept
    assert not [path for path in kept if b"to-everybody-4711" in path.read_bytes()]
    assert "4711" not in app.log(ref)


def test_it_says_why_it_does_not_start(app):
    """The last lines of what it wrote, and the code it ended with."""
    app.recipe = web("echo going down; exit 7", health_deadline_s=5)
    ref = app.server.target.apply(app.spec(flask()), key="one")
    assert until(lambda: app.status(ref).phase is Phase.FAILED, timeout_s=20)
    detail = app.status(ref).detail
    assert "exit code 7" in detail
    assert "going down" in detail


def test_who_does_not_listen_fails_at_the_deadline(app):
    """A process that opens no port is stopped."""
    app.recipe = web("sleep 60", health_deadline_s=1)
    ref = app.server.target.apply(app.spec(flask()), key="one")
    assert until(lambda: app.status(ref).phase is Phase.FAILED, timeout_s=20)


def test_a_crash_is_mended(app):
    """It is started again by itself."""
    app.recipe = web(PLAIN)
    code = SOCKET.format(body='(os._exit(9) if self.path.endswith("crash") else b"up")')
    ref = app.deploy("one", {"app.py": code})
    assert app.open(ref, "crash").status_code in {502, 503}
    assert until(lambda: app.open(ref).text == "up", timeout_s=20)


def test_who_comes_up_only_to_fall_is_given_up(app):
    """It listens and ends, again and again: that is told with its last words, long before the deadline."""
    code = "import os, socket, time\ns = socket.create_server(('127.0.0.1', int(os.environ['PORT'])))\ntime.sleep(0.2)\nraise SystemExit('no database')"
    app.recipe = web(PLAIN)
    ref = app.server.target.apply(app.spec({"app.py": code}), key="one")
    assert until(lambda: app.status(ref).phase == Phase.FAILED, timeout_s=30)
    assert "no database" in app.status(ref).detail


def test_a_build_runs_first_and_its_output_is_kept(app):
    """What it writes is part of the app; a failing one fails the deployment with its log."""
    app.recipe = web(PLAIN, build="echo built > made.txt && echo building")
    code = SOCKET.format(body='open("made.txt", "rb").read()')
    ref = app.deploy("one", {"app.py": code})
    assert app.open(ref).text == "built\n"
    assert "build: building" in app.log(ref)
    app.recipe = web(PLAIN, build="echo no such thing; exit 4")
    bad = app.server.target.apply(app.spec({"app.py": code}), key="two")
    assert until(lambda: app.status(bad).phase is Phase.FAILED, timeout_s=20)
    assert "exit code 4" in app.status(bad).detail
    assert app.open(ref).text == "built\n"


def test_settings_hold_at_once(app):
    """What was public needs an address that ends from now on."""
    ref = app.deploy("one", flask())
    until_then = app.status(ref).url
    app.server.target.configure(replace(app.place, settings={"public": True}))
    public = app.status(ref).url
    assert public != until_then
    assert httpx.get(public, trust_env=False).status_code == 200
    app.server.target.configure(replace(app.place, settings={}))
    assert app.status(ref).url == until_then


def test_it_does_not_weaken_its_own_walls(customer):
    """A policy of the app's is added to ours, and refused headers stay out."""
    code = SOCKET.format(body='b"x"').replace(
        'self.send_header("Content-Length"',
        'self.send_header("Content-Security-Policy", "default-src *"); self.send_header("Content-Length"',
    )
    customer.recipe = web(PLAIN)
    ref = customer.deploy("one", {"app.py": code})
    policies = customer.open(ref).headers.get_list("content-security-policy")
    assert any(policy.startswith("sandbox ") for policy in ", ".join(policies).split(", "))


def test_what_it_cannot_run_is_refused(customer):
    """Before anything is made."""
    for recipe in (
        Recipe(kind=Kind.WORKER, start="x"),
        Recipe(kind=Kind.WEB),
        Recipe(kind=Kind.STATIC, source={"git": "https://a.example/b"}),
    ):
        with pytest.raises(TargetError):
            customer.server.target.apply(customer.spec({"index.html": "x"}, recipe=recipe), key="one")
