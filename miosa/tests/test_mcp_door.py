"""The door to /mcp, knocked at over real sockets: whose pages may ask, by which name, and what is not said without a key."""

import httpx2
import pytest

from miosa.testing.web_process import web_process
from miosa.tests.test_mcp_server import key_of

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
SITE = {"MIOSA_ALLOWED_HOSTS": "127.0.0.1,miosa.example", "MIOSA_PUBLIC_URL": "https://agents.example/site"}
FEW = "3/min"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return tmp_path_factory.mktemp("door") / "web.log"


@pytest.fixture
def asked(log, tenant):
    """Ask with a good key and what else is given, on one running site."""
    key = key_of(tenant)

    def ask(port, method="POST", path="/mcp", **headers):
        usual = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {key}"}
        body = LIST if method == "POST" else None
        address = f"http://127.0.0.1:{port}{path}"
        return httpx2.request(method, address, json=body, headers=usual | headers, timeout=10)

    return ask


def test_a_page_of_another_site_is_refused(asked, log):
    """Whatever its origin: a stranger, one that looks like ours, another port or program of this machine, a file, none."""
    with web_process(log, **SITE) as port:
        here = f"http://127.0.0.1:{port}"
        for origin in (
            "http://evil.example",
            f"http://evil.example:{port}",
            "null",
            "http://localhost:3000",
            "http://127.0.0.1",
            f"{here}.evil.example",
            f"{here}/",
            f"ftp://127.0.0.1:{port}",
            "https://miosa.example.evil.example",
            "https://agents.example:8443",
            f"{here}, http://evil.example",
            "",
        ):
            answer = asked(port, Origin=origin)
            assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden"), origin
            assert "another origin" in answer.json()["detail"]
            assert asked(port, "OPTIONS", Origin=origin).status_code == 403, origin
        for origin in (here, "https://miosa.example", "https://agents.example"):
            assert asked(port, Origin=origin).status_code == 200, origin
        assert asked(port, Host="miosa.example", Origin="http://miosa.example").status_code == 200
        assert asked(port).json()["result"]["tools"]


def test_a_name_that_was_led_here_opens_nothing(asked, log):
    """DNS rebinding: Host and Origin agree and are not ours. No key, a wrong key and a good one are told alike."""
    with web_process(log) as port:
        for name in ("evil.example", f"evil.example:{port}", "", "127.0.0.1@evil.example"):
            for key in ({}, {"Authorization": ""}, {"Authorization": "Bearer miosa_wrong"}):
                for path in ("/mcp", "/a2a"):
                    answer = asked(port, path=path, Host=name, Origin=f"http://{name}", **key)
                    assert (answer.status_code, "tools" in answer.text) == (400, False), (name, path)
        card = asked(port, "GET", "/.well-known/agent-card.json", Host="evil.example")
        assert (card.status_code, "evil.example" in card.text) == (400, False)


def test_a_site_that_is_reached_by_any_name_knows_its_pages_by_its_address_alone(asked, log):
    """`*` lets every name in, so it cannot tell whose page it is."""
    with web_process(log, **SITE | {"MIOSA_ALLOWED_HOSTS": "*"}) as port:
        assert asked(port, Host="any.example").status_code == 200
        assert asked(port, Host="any.example", Origin="http://any.example").status_code == 403
        assert asked(port, Host="any.example", Origin="https://agents.example").status_code == 200


def test_there_is_no_stream_to_wait_at_and_no_session_to_end(asked, log):
    """At once, and not a connection that is held for nothing, beyond the end of its key."""
    with web_process(log) as port:
        for method in ("GET", "DELETE", "PUT"):
            answer = asked(port, method)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
            assert asked(port, method, Authorization="").status_code == 401


def test_who_guesses_keys_is_told_nothing_when_the_guesses_are_used_up(asked, log):
    """The address is told to wait, as at REST; a good key from there goes on."""
    with web_process(log, MIOSA_RATE_ADDRESS=FEW) as port:
        answers = [asked(port, Authorization="Bearer miosa_wrong") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert int(answers[-1].headers["retry-after"]) > 0
        assert asked(port).status_code == 200
