"""What comes back from addresses that users choose: so much, in so much time, from whom the certificate names."""

import time

import httpx
import pytest

from miosa.http.guarded import BodyTooLarge, OutgoingRefused, Rules, open_client
from miosa.tests.guarded_calls import WAYS, listening, rules
from miosa.tests.guarded_servers import Authority, serving, silent


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


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def test_gzip_is_unpacked(call, there):
    """The one compression that is asked for."""
    answer = call("GET", f"{there}/gzip", rules())
    assert answer.content == b"hello" * 1000
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", ["notgzip", "brotli"])
def test_other_encodings_are_refused(call, there, path):
    """What was not asked for is not unpacked."""
    with pytest.raises(OutgoingRefused):
        call("GET", f"{there}/{path}", rules())


@pytest.mark.parametrize("path", ["bomb", "announced", "endless"])
def test_too_large_a_body_is_cut(call, there, server, path):
    """Sixty megabytes in sixty kilobytes, a length that is announced, a stream without end: all stop at the limit."""
    with pytest.raises(BodyTooLarge, match="100000 bytes"):
        call("GET", f"{there}/{path}", rules(most_bytes=100_000))
    assert path != "endless" or server.cut.wait(10)


@pytest.mark.parametrize("path", ["drip", "dripping"])
def test_a_slow_answer_ends_with_the_whole_time(call, there, path):
    """A byte now and then keeps every single read short; the sum is limited all the same, in body and headers."""
    started = time.monotonic()
    with pytest.raises(httpx.TimeoutException):
        call("GET", f"{there}/{path}", rules(total_s=0.6))
    assert time.monotonic() - started < 15


def test_a_silent_server_is_left(call):
    """No answer within the time for one read."""
    with silent() as port:
        with pytest.raises(httpx.ReadTimeout):
            call("GET", f"http://127.0.0.1:{port}/", rules(read_s=0.3))


def test_a_silent_resolver_is_left(call):
    """A look-up that takes too long holds nobody: what it says in the end is not waited for."""

    def resolver(_host, _port):
        time.sleep(2)
        return []

    with pytest.raises(httpx.TimeoutException):
        call("GET", "https://slow.example/", Rules(connect_s=0.2), resolver=resolver)


def test_the_certificate_must_bear_the_name(call, authority):
    """Over TLS the checked address is connected to, and the certificate is checked for the name of the URL."""
    named = Rules(allow=("right.example", "wrong.example"))
    with serving(authority.certificate("right.example")) as secured:

        def at(name):
            address = f"https://{name}:{secured.server_port}/"
            return call(
                "GET", address, named, resolver=lambda _h, _p: ["127.0.0.1"], ssl_context=authority.trusted
            )

        assert at("right.example").content == b"hello"
        with pytest.raises(httpx.ConnectError, match=r"wrong\.example"):
            at("wrong.example")
        assert len(secured.asked) == 1


def test_an_unknown_authority_is_not_trusted(call, authority):
    """Allowing an address does not mean to believe any certificate there."""
    with serving(authority.certificate("127.0.0.1")) as secured:
        address = f"https://127.0.0.1:{secured.server_port}/"
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            call("GET", address, rules())
        assert call("GET", address, rules(), ssl_context=authority.trusted).content == b"hello"


def test_a_refused_connection_tries_the_next_address(call, server):
    """Of several addresses the first that answers is taken."""
    named = Rules(allow=("two.example",))
    address = f"http://two.example:{server.server_port}/"
    assert call("GET", address, named, resolver=lambda _h, _p: ["127.0.0.9", "127.0.0.1"]).content == b"hello"


def test_connections_are_not_kept(there, server):
    """Each call is connected and checked anew."""
    with open_client(rules()) as client:
        first, second = client.get(there), client.get(there)
    assert (first.content, second.content) == (b"hello", b"hello")
    assert len(server.asked) == 2
