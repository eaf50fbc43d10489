"""The product as it is started: real processes, a real port, and a kill -9 in the middle."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from miosa.environment import ROOT
from miosa.http.event_stream import read_events

START_S = 300  # the attacks of the doctor, on cores that are shared with other tests, included
TASK_S = 180
TASK = (
    "Summarise this text and write a Python function that counts its words, with a test: Bees visit flowers to "
    "gather nectar and pollen. While they feed, pollen sticks to their hair and is carried to the next flower."
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """`make demo` with a first task, kept serving on a state folder and port of its own."""
    state = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {
        name: value for name, value in os.environ.items() if "_URL" not in name and name != "JWT_SECRET"
    }
    environ |= {"MIOSA_STATE": str(state), "MIOSA_PORT": str(port), "TASK": "Say hello", "ONCE": ""}
    environ.pop("MIOSA_DATABASE_LOGIN", None)
    log = (state / "demo.txt").open("wb")
    demo = subprocess.Popen(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=environ,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        until(lambda: "Serving." in (state / "demo.txt").read_text() or demo.poll() is not None, START_S)
        assert demo.poll() is None, (state / "demo.txt").read_text()
        key = (state / "secrets" / "demo-api-key").read_text()
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=30
        ) as client:
            yield state, client, demo
    finally:
        if demo.poll() is None:
            demo.send_signal(signal.SIGINT)
            demo.wait(30)
        log.close()


def until(condition, timeout_s):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)


def events(client, place):
    with client.stream("GET", f"{place}/events", headers={"Accept": "text/event-stream"}) as response:
        assert response.status_code == 200
        yield from read_events(response.iter_lines())


def test_it_says_ready_and_what_is_missing(site):
    """Liveness names the effect of each absent key, readiness every part."""
    _, client, _ = site
    assert client.get("/healthz").json()["status"] == "alive"
    told = {row["variable"]: row["present"] for row in client.get("/healthz").json()["environment"]}
    assert told["GROQ_API_KEY"] is False
    told = client.get("/readyz").json()["checks"]
    assert set(told) == {"database", "broker", "worker", "providers", "sandboxes", "hosting"}


def test_a_killed_worker_costs_time_and_nothing_else(site):
    """kill -9 in the middle: the same execution ends, and no completed step is run again."""
    state, client, _ = site
    accepted = client.post("/api/v1/tasks", json={"request": TASK})
    assert accepted.status_code == 202
    place = accepted.headers["Location"]
    started: dict[str, int] = {}
    stream = events(client, place)
    for event in stream:
        data = json.loads(event.data)
        if event.event == "agent_started" and data["step"] != "plan":
            pid = int((state / "run" / "worker.pid").read_text())
            os.kill(pid, signal.SIGKILL)
            completed_before = {
                step["key"]: (step["attempt"], step["finished"])
                for step in client.get(place).json()["steps"]
                if step["state"] == "completed"
            }
            break
    deadline = time.monotonic() + TASK_S
    kinds = []
    for event in stream:
        kinds.append(event.event)
        data = json.loads(event.data)
        if event.event == "agent_finished":
            started[data["step"]] = started.get(data["step"], 0) + 1
        assert time.monotonic() < deadline
    execution = client.get(place).json()
    assert execution["state"] == "completed", execution["error"]
    assert "plan" in completed_before
    after = {step["key"]: (step["attempt"], step["finished"]) for step in execution["steps"]}
    assert {key: after[key] for key in completed_before} == completed_before
    assert all(count == 1 for count in started.values())
    assert max(step["attempt"] for step in execution["steps"]) == 2
    assert int((state / "run" / "worker.pid").read_text()) != pid


def test_the_stream_resumes_after_the_last_event_seen(site):
    """Last-Event-ID gets exactly the events behind it; another tenant's key gets 404; none gets 401."""
    _, client, _ = site
    place = client.get("/api/v1/executions").json()["items"][-1]["id"]
    place = f"/api/v1/executions/{place}"
    every = [event.id for event in events(client, place)]
    headers = {"Last-Event-ID": every[1]}
    with client.stream("GET", f"{place}/events", headers=headers) as response:
        assert [event.id for event in read_events(response.iter_lines())] == every[2:]
    assert client.get(f"{place}/events", headers={"Last-Event-ID": "x"}).status_code == 400
    missing = client.get("/api/v1/executions/01890000-0000-7000-8000-000000000000/events")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    refused = httpx.get(f"{client.base_url}{place}/events".replace("//api", "/api"))
    assert refused.status_code == 401


def test_a_running_execution_can_be_cancelled(site):
    """Cancelling ends the stream, gives 409 the second time, and leaves nothing reserved."""
    _, client, _ = site
    accepted = client.post("/api/v1/tasks", json={"request": TASK})
    place = accepted.headers["Location"]
    stream = events(client, place)
    next(event for event in stream if event.event == "agent_started")
    assert client.post(f"{place}/cancellation").status_code == 200
    assert [event.event for event in stream][-1] == "task_cancelled"
    assert client.get(place).json()["state"] == "cancelled"
    assert client.post(f"{place}/cancellation").status_code == 409
    assert client.get("/api/v1/usage").json()["reserved_micros"] == 0


def test_a_second_one_on_the_same_port_is_refused_in_one_line(site):
    """The line names the port and what to do."""
    state, client, _ = site
    environ = os.environ | {"MIOSA_STATE": str(state / "second"), "MIOSA_PORT": str(client.base_url.port)}
    second = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 2
    assert str(client.base_url.port) in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_ctrl_c_leaves_no_process_behind(site):
    """After SIGINT every process that mentions the state folder is gone."""
    state, _, demo = site
    demo.send_signal(signal.SIGINT)
    demo.wait(30)
    assert "stopped" in (state / "demo.txt").read_text()
    until(lambda: not processes_of(state), 10)


def processes_of(state):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if str(state).encode() in text and int(process.name) != os.getpid():
                found.append(process.name)
        except OSError:
            continue
    return found
