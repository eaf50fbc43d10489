"""Calls to addresses that users choose, on real sockets: both twins, the same refusals."""

from dataclasses import replace

import pytest

from miosa.http.guarded import OutgoingRefused, Rules, open_client
from miosa.tests.guarded_calls import LOOPBACK, WAYS, listening, rules
from miosa.tests.guarded_servers import serving


@pytest.fixture(params=WAYS)
def call(request):
    return WAYS[request.param]


@pytest.fixture
def listens():
    with listening() as pair:
        yield pair


@pytest.fixture
def server(listens):
    return listens[0]


@pytest.fixture
def there(listens):
    return listens[1]


def test_it_works(call, there, server):
    """An allowed address is called, and its answer comes back."""
    answer = call("POST", there, rules(), more={"content": b"data", "headers": {"X-Token": "t"}})
    assert (answer.status_code, answer.content) == (200, b"hello")
    (asked,) = server.asked
    assert (asked[0], asked[3], asked[2]["X-Token"]) == ("POST", b"data", "t")


def test_loopback_is_closed_by_default(call, there, server):
    """Without the operator's word nothing is connected to at all."""
    for address in (there, there.replace("http:", "https:"), "https://127.0.0.1/", "https://[::1]/"):
        with pytest.raises(OutgoingRefused):
            call("GET", address, Rules())
    assert server.asked == []


def test_a_name_is_looked_up_once(call, server):
    """DNS that answers with a public address first and a private one afterwards gets no second question."""
    answers, asked = [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]], []

    def resolver(host, port):
        asked.append((host, port))
        return answers[len(asked) - 1]

    named = Rules(allow=("rebinding.example",))
    answer = call("GET", f"http://rebinding.example:{server.server_port}/", named, resolver=resolver)
    assert answer.content == b"hello"
    assert asked == [("rebinding.example", server.server_port)]
    assert server.asked[0][2]["Host"] == f"rebinding.example:{server.server_port}"


def test_a_name_that_leads_inside_is_not_connected_to(call, server):
    """What the resolver says is checked, every address of it, before any connection."""
    for found in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], []):
        with pytest.raises(OutgoingRefused):
            call("GET", "https://inside.example/", Rules(), resolver=lambda _h, _p, found=found: found)
    assert server.asked == []


def test_a_name_without_address_is_told(call):
    """A resolver's error is a refusal with the name."""

    def resolver(_host, _port):
        raise OSError(-2, "Name or service not known")

    with pytest.raises(OutgoingRefused, match=r"nowhere\.example has no address"):
        call("GET", "https://nowhere.example/", Rules(), resolver=resolver)


def test_a_redirect_is_checked_like_the_first_address(call, there, server):
    """To a private address, another scheme, or a name that leads inside: refused before it is connected to."""
    for target in (
        "http://10.0.0.1/",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://0x7f.1/",
    ):
        with pytest.raises(OutgoingRefused):
            call("GET", f"{there}/redirect?{target}", rules())
    assert len(server.asked) == 4


def test_a_redirect_elsewhere_loses_every_secret(call, there, server):
    """Another port is another origin: neither Authorization nor Cookie nor a header of the user's own arrives."""
    secrets = {
        "Authorization": "Bearer canary",
        "Cookie": "a=canary",
        "X-Hook-Key": "canary",
        "Accept": "text/x",
    }
    with serving() as other:
        target = f"http://127.0.0.1:{other.server_port}/plain"
        answer = call("GET", f"{there}/redirect?{target}", rules(), more={"headers": secrets})
        assert answer.content == b"hello"
        assert "canary" in str(server.asked)
        assert "canary" not in str(other.asked)
        assert other.asked[0][2]["Accept"] == "text/x"


def test_a_redirect_at_the_same_place_sends_the_body_again(call, there, server):
    """307 repeats the request as it was."""
    call("POST", f"{there}/again?/plain", rules(), more={"content": b"data"})
    assert [(one[0], one[3]) for one in server.asked] == [("POST", b"data")] * 2


def test_a_loop_of_redirects_ends(call, there, server):
    """After five hops no further one is made."""
    with pytest.raises(OutgoingRefused, match="more than 5 times"):
        call("GET", f"{there}/loop", rules())
    assert len(server.asked) == 6


def test_no_redirect_is_followed_where_none_is_wanted(call, there):
    """With most_hops=0 the answer is handed on as it is."""
    assert call("GET", f"{there}/loop", rules(most_hops=0)).status_code == 301


def test_no_cookie_is_kept(there, server):
    """What one answer sets the next call of the same client does not send."""
    with open_client(rules()) as client:
        assert "set-cookie" not in client.get(there).headers
        client.get(there)
        assert not client.cookies
    assert not any("Cookie" in asked[2] for asked in server.asked)


def test_proxies_of_the_environment_are_not_asked(call, there, monkeypatch):
    """A proxy would look the name up by itself, past every check."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert call("GET", there, rules()).content == b"hello"


def test_the_rules_come_from_the_operator(settings, there):
    """Without rules of its own a client has those of MIOSA_OUTGOING_ALLOW."""
    with open_client() as client, pytest.raises(OutgoingRefused):
        client.get(there)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=LOOPBACK)
    with open_client() as client:
        assert client.get(there).content == b"hello"
