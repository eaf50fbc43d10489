"""Connections that break, addresses that lead nowhere, clients that leave: over real sockets."""

import contextlib
import socket
import struct
import threading

import openai
import pytest

from billing.models import LedgerEntry
from miosa.embedded.processes import until
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import WireServer
from routing.models import ModelCall
from routing.tests.front_door_scene import GOOD, HELLO, door_to, streamed, whole

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)


@contextlib.contextmanager
def listening(behave):
    """A socket that behaves as it likes; yields its address as a base URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def serve():
            server.settimeout(0.05)
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = server.accept()
                    threading.Thread(target=_behaving, args=(behave, connection), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        stop.set()
        thread.join()


def _behaving(behave, connection):
    with contextlib.suppress(OSError), connection:
        connection.settimeout(5)
        behave(connection)


def _resets(connection):
    connection.recv(65_536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _closes_half(connection):
    connection.recv(65_536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
    connection.shutdown(socket.SHUT_WR)
    connection.recv(65_536)


def _talks_no_http(connection):
    connection.recv(65_536)
    connection.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize("behave", [_resets, _closes_half, _talks_no_http])
def test_a_connection_that_breaks_goes_to_the_next_model(tenant, tmp_path, ask, behave):
    """Reset, half closed, no HTTP at all: each ends in the steady provider's answer."""
    with listening(behave) as url, WireServer(lambda asked: GOOD) as steady:
        with door_to(tenant, tmp_path, url, steady.url) as (_, client):
            assert ask(client, "auto") == "all of it"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/v1", "http://nobody.invalid/v1"], ids=["nobody listens", "no such name"]
)
def test_an_address_that_leads_nowhere(tenant, tmp_path, url):
    """Nobody listens, or the name is not known: the next provider; and alone it is a 503 that says when to come again."""
    with WireServer(lambda asked: GOOD) as steady, door_to(tenant, tmp_path, url, steady.url) as (_, client):
        assert whole(client, "auto") == "all of it"
        with pytest.raises(openai.InternalServerError) as caught:
            whole(client)
        assert caught.value.status_code == 503
        assert int(caught.value.response.headers["retry-after"]) >= 1


def test_a_certificate_that_nobody_signed(tenant, tmp_path):
    """TLS that cannot be verified is refused: no key is sent."""
    seen = []

    def behave(connection):
        seen.append(connection.recv(65_536))

    with listening(behave) as url, WireServer(lambda asked: GOOD) as steady:
        with door_to(tenant, tmp_path, url.replace("http:", "https:"), steady.url) as (_, client):
            assert whole(client, "auto") == "all of it"
    assert all(hello[:1] == b"\x16" for hello in seen)  # a handshake, and nothing else


def test_a_client_that_leaves_stops_the_provider(tenant, tmp_path):
    """The connection to the provider ends with the client's; what was produced until then is paid for."""
    with WireServer(lambda asked: Reply(text="word " * 1000, gap_s=0.02)) as server:
        with door_to(tenant, tmp_path, server.url) as (door, client):
            with client.chat.completions.create(model="swift-1", messages=HELLO, stream=True) as chunks:
                for number, _ in enumerate(chunks):
                    if number == 5:
                        break
            assert server.requests[0].hung_up.wait(20)
            assert until(lambda: door.drained() or ModelCall.objects.exists(), timeout_s=20)
    (call,) = ModelCall.objects.all()
    assert (call.winner, call.error) == (True, "the client left")
    assert 0 < call.output_tokens < 500
    assert call.cost_micros > 0


def test_a_client_that_leaves_before_the_first_word_stops_the_provider(tenant, tmp_path):
    """Nothing was seen, so nothing is paid for."""
    with WireServer(lambda asked: Reply(text="late", before_s=0.9, first_token_s=5)) as server:
        with door_to(tenant, tmp_path, server.url) as (door, client):
            with pytest.raises(openai.APITimeoutError):
                client.with_options(timeout=0.4).chat.completions.create(model="swift-1", messages=HELLO)
            assert server.requests[0].hung_up.wait(20)
            assert until(lambda: door.drained() or ModelCall.objects.exists(), timeout_s=20)
    (call,) = ModelCall.objects.all()
    assert not call.winner
    assert not LedgerEntry.objects.filter(cost_micros__gt=0).exists()


def test_a_breaker_spares_a_provider_that_fails(tenant, tmp_path):
    """After five failures the swift provider is not asked any more; the steady one answers at once."""
    with WireServer(lambda asked: Reply(status=503)) as server, WireServer(lambda asked: GOOD) as steady:
        with door_to(tenant, tmp_path, server.url, steady.url) as (_, client):
            for _ in range(4):
                assert whole(client, "auto") == "all of it"
    assert len(server.chats()) == 5
