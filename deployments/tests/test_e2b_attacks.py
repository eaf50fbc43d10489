"""Our server attacked: keys, tokens, other tenants, malformed frames, bodies without end, slow clients, floods."""

import json
import struct
import time

import httpx
import pytest
from e2b import AuthenticationException, NotFoundException
from e2b_code_interpreter import Sandbox

from deployments.sandboxes.permit import PREFIX
from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import server_fixture  # noqa: F401
from deployments.tests.e2b_raw import connect_headers

pytestmark = needs_boxes
CREATE = {"templateID": "base", "timeout": 60}


@pytest.fixture(name="victim", scope="module")
def victim_fixture(server):
    """Another tenant's sandbox, with a file that is nobody else's business."""
    with server.place(tenant="victim").open() as sandbox:
        sandbox.files.write("secret.txt", "nobody else's")
        yield sandbox


@pytest.mark.parametrize(
    "key", ["", "e2b_", "e2b_" + "0" * 40, "e2b_" + "zz" * 40, "Bearer x", "e2b_" + "a" * 20_000]
)
def test_a_key_that_was_not_made_here_opens_nothing(server, key):
    """Every route of the control plane says 401."""
    for method, path in (
        ("POST", "/v2/sandboxes"),
        ("GET", "/v2/sandboxes"),
        ("GET", "/sandboxes/i123"),
        ("DELETE", "/sandboxes/i123"),
        ("POST", "/sandboxes/i123/timeout"),
        ("POST", "/v2/sandboxes/i123/connect"),
        ("GET", "/sandboxes/i123/metrics"),
        ("POST", "/sandboxes/i123/pause"),
    ):
        answer = httpx.request(method, server.address + path, headers={"X-API-KEY": key}, json={})
        assert answer.status_code == 401, (method, path)
        assert answer.json()["code"] == 401


def test_a_key_cannot_be_altered(server):
    """Neither the limits nor the tenant of a key can be changed by who holds it."""
    key = server.key(tenant="attacker", boxes=1)
    claims = bytes.fromhex(key.removeprefix(PREFIX)[:-64])
    for changed in (claims.replace(b'"boxes":1', b'"boxes":9'), claims.replace(b"attacker", b"victim--")):
        assert changed != claims
        forged = PREFIX + changed.hex() + key[-64:]
        assert httpx.get(f"{server.address}/v2/sandboxes", headers={"X-API-KEY": forged}).status_code == 401


def test_a_key_ends(server):
    """A key whose time is over opens nothing more."""
    key = server.key(until=int(time.time()) - 1)
    with pytest.raises(AuthenticationException, match="time of this API key is over"):
        Sandbox.create(**{**server.place().options, "api_key": key})


def test_another_tenants_sandbox_is_not_there(server, victim):
    """It is not listed, shown, prolonged, measured, connected to or killed."""
    options = server.place(tenant="attacker").options
    assert Sandbox.list(**options).next_items() == []
    for question in (
        lambda: Sandbox.connect(victim.sandbox_id, **options),
        lambda: Sandbox.get_info(victim.sandbox_id, **options),
        lambda: Sandbox.set_timeout(victim.sandbox_id, 1, **options),
    ):
        with pytest.raises(NotFoundException):
            question()
    assert Sandbox.kill(victim.sandbox_id, **options) is False
    assert victim.is_running()


def test_another_sandboxs_token_opens_nothing(server, victim):
    """Every route of the data plane says 401 without the box's own token, and reveals nothing."""
    with server.place(tenant="attacker").open() as own:
        for token in (own._envd_access_token, own.traffic_access_token, "", "x" * 48, "ÿ"):
            headers = {
                "E2b-Sandbox-Id": victim.sandbox_id,
                "X-Access-Token": token.encode("latin-1", "ignore"),
            }
            for method, path in (
                ("GET", "/files?path=/home/user/secret.txt"),
                ("POST", "/files?path=/home/user/secret.txt"),
                ("POST", "/process.Process/List"),
                ("POST", "/process.Process/Start"),
                ("POST", "/filesystem.Filesystem/ListDir"),
                ("POST", "/execute"),
                ("GET", "/contexts"),
                ("GET", "/metrics"),
            ):
                answer = httpx.request(method, server.address + path, headers=headers)
                assert answer.status_code == 401, (method, path)
                assert "nobody" not in answer.text
    assert victim.files.read("secret.txt") == "nobody else's"


def test_the_traffic_token_is_for_the_interpreter_only(server, victim):
    """It lists kernels, and neither files nor programs."""
    headers = {"E2b-Sandbox-Id": victim.sandbox_id, "E2B-Traffic-Access-Token": victim.traffic_access_token}
    assert httpx.get(f"{server.address}/contexts", headers=headers).status_code == 200
    path = f"{server.address}/files?path=/home/user/secret.txt"
    assert httpx.get(path, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\0",
        b"\0\0\0\0\5{}",
        struct.pack(">BI", 0, 2**31) + b"{}",
        struct.pack(">BI", 0, 4) + b"\xff\xff\xff\xff",
        struct.pack(">BI", 1, 2) + b"{}",
        struct.pack(">BI", 0, 11) + b'{"process":1',
        struct.pack(">BI", 0, 2) + b"{}" + struct.pack(">BI", 0, 2) + b"{}",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_malformed_frames_are_refused(server, victim, frame):
    """The answer is an error of the protocol, and the box goes on."""
    answer = httpx.post(
        f"{server.address}/process.Process/Start", content=frame, headers=connect_headers(victim), timeout=10
    )
    end = json.loads(answer.content[5:]) if answer.status_code == 200 else {"error": {"code": "http"}}
    assert end["error"]["code"] in {
        "invalid_argument", "internal", "resource_exhausted", "unimplemented", "not_found", "unknown", "http",
        "unavailable", "data_loss",
    }  # fmt: skip
    assert victim.commands.run("echo on").stdout == "on\n"


def test_nested_and_broken_json_is_refused(server):
    """Bodies that are no objects, are nested without end, or are too large."""
    headers = {"X-API-KEY": server.key(), "Content-Type": "application/json"}
    for body in (b"[]", b"{", b"\xff", b"[" * 100_000, b'{"a":' * 50_000, b'"x"'):
        answer = httpx.post(f"{server.address}/v2/sandboxes", content=body, headers=headers)
        assert answer.status_code == 400, body[:20]
    huge = b'{"templateID":"' + b"x" * 3_000_000 + b'"}'
    assert httpx.post(f"{server.address}/v2/sandboxes", content=huge, headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"timeout": 10_000_000}, 400),
        ({"timeout": -1}, 400),
        ({"timeout": "60"}, 400),
        ({"envVars": {"A=B": "x"}}, 400),
        ({"envVars": {"A": 1}}, 400),
        ({"envVars": {"LD_PRELOAD\0": "x"}}, 400),
        ({"metadata": {"m": "x" * 100_000}}, 400),
        ({"network": {"allowOut": ["example.org"]}}, 403),
        ({"network": {"egressProxy": {"address": "127.0.0.1:1"}}}, 400),
        ({"volumeMounts": [{"name": "etc", "path": "/etc"}]}, 400),
        ({"autoPause": True}, 400),
    ],
)
def test_a_create_beyond_what_is_allowed_is_refused(server, change, status):
    """Nothing is opened, and the answer says what is wrong."""
    headers = {"X-API-KEY": server.key()}
    answer = httpx.post(f"{server.address}/v2/sandboxes", json=CREATE | change, headers=headers)
    assert answer.status_code == status, answer.text
    assert len(answer.json()["message"]) > 20


def test_hosts_of_the_permit_are_the_most(server):
    """A box may be given some of the hosts its key names, and no other."""
    headers = {"X-API-KEY": server.key(tenant="hosts", hosts=("*.example.org", "pypi.org"))}

    def asked(*names):
        body = CREATE | {"network": {"allowOut": list(names)}}
        answer = httpx.post(f"{server.address}/v2/sandboxes", json=body, headers=headers)
        if answer.status_code == 201:
            httpx.delete(f"{server.address}/sandboxes/{answer.json()['sandboxID']}", headers=headers)
        return answer.status_code

    assert asked("pypi.org", "a.example.org") == 201
    assert asked("example.com") == 403
    assert asked("pypi.org.evil.com") == 403
    assert asked("evilexample.org") == 403
