"""What is too large, too deep, too slow or not understood is refused with a problem, on a real socket by the real server."""

import http.client
import json
import socket
import time

import pytest
from django.db import connection, transaction
from django.db.utils import OperationalError

from miosa.http import json_parser
from miosa.http.json_parser import MAX_DEPTH, MAX_VALUES, _flaw
from miosa.http.known_errors import problem_from
from miosa.http.limits import MAX_BODY_BYTES, MAX_HEADERS, MAX_URL_BYTES
from miosa.testing.fixtures import open_tenant
from miosa.testing.web_process import web_process

HOST = b"Host: 127.0.0.1\r\n"
JSON = b"Content-Type: application/json\r\n"
POST = b"POST /api/v1/tokens HTTP/1.1\r\n" + HOST + JSON
CLOSE = b"Connection: close\r\n"
BODY_TIMEOUT_S = 2
SIGN_IN = {"email": "owner@acme.example", "password": "acme-password-1", "tenant": "acme"}


@pytest.fixture(scope="module")
def port(django_db_setup, django_db_blocker, tmp_path_factory):
    """The real server on the test database."""
    with django_db_blocker.unblock():
        log = tmp_path_factory.mktemp("web") / "log"
        with web_process(log, MIOSA_BODY_TIMEOUT_S=str(BODY_TIMEOUT_S)) as port:
            yield port


def answer(port, sent, *, then=()):
    """Send bytes, and pieces after pauses; return status, headers and body of the first answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        link.sendall(sent)
        for pause_s, piece in then:
            time.sleep(pause_s)
            try:
                link.sendall(piece)
            except OSError:
                break  # the server has had enough
        response = http.client.HTTPResponse(link)
        response.begin()
        return response.status, response.headers, response.read()


def refused(port, sent, status, **how):
    """Assert that this is answered by a problem with this status; return its document."""
    got, headers, body = answer(port, sent, **how)
    assert got == status, body
    assert headers["Content-Type"] == "application/problem+json"
    document = json.loads(body)
    assert document["status"] == status
    assert document["request_id"] == headers["X-Request-Id"]
    return document


def chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def test_a_body_within_the_limit_is_read(port):
    """1 MiB exactly, whole or in chunks, reaches the view: it complains of what stands in it."""
    body = json.dumps({"email": "x"}).encode()
    body = body[:-1] + b" " * (MAX_BODY_BYTES - len(body)) + b"}"
    assert len(body) == MAX_BODY_BYTES
    whole = refused(port, POST + CLOSE + b"Content-Length: %d\r\n\r\n" % len(body) + body, 422)
    halves = chunk(body[:500_000]) + chunk(body[500_000:]) + b"0\r\n\r\n"
    parts = refused(port, POST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n" + halves, 422)
    for told in (whole, parts):
        assert {"pointer": "/email", "detail": "Enter a valid email address."} in told["errors"]


def test_a_larger_body_is_refused_before_it_is_sent(port):
    """413 at the announcement; nothing of the body was waited for."""
    began = time.monotonic()
    told = refused(port, POST + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413)
    assert "1,048,576" in told["detail"]
    assert time.monotonic() - began < BODY_TIMEOUT_S


def test_a_larger_body_in_chunks_is_refused_on_the_way(port):
    """413 as soon as the limit is passed, while the sender would go on for ever."""
    pieces = [(0, chunk(b"a" * 65_536))] * 200
    refused(port, POST + b"Transfer-Encoding: chunked\r\n\r\n", 413, then=pieces)


def test_a_length_that_promises_too_much_is_a_slow_body(port):
    """Less than announced: the server waits for the rest as long as for any slow body, then 408."""
    refused(port, POST + b"Content-Length: 100\r\n\r\n{}", 408)


def test_a_length_that_promises_too_little_ends_the_body_there(port):
    """What is sent beyond is no part of the body, and no valid request either."""
    body = json.dumps(SIGN_IN).encode()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        link.sendall(POST + b"Content-Length: 2\r\n\r\n{}" + body + b"\r\n\r\n")
        everything = b""
        while part := link.recv(65_536):
            everything += part
    assert everything.startswith(b"HTTP/1.1 422")
    assert b"HTTP/1.1 400" in everything
    assert b"access_token" not in everything


@pytest.mark.parametrize(
    "lengths",
    [
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: abc\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: gzip\r\n",
    ],
)
def test_lengths_that_contradict_are_refused(port, lengths):
    """Two readings of one request are how requests are smuggled: 400, and the connection ends."""
    assert answer(port, POST + lengths + b"\r\n{}   ")[0] == 400


def test_a_slow_body_is_ended(port):
    """A byte now and then keeps nobody busy: 408 when the time for the whole body is over, and meanwhile others are served."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(POST + b"Content-Length: 1000\r\n\r\n{")
        for _ in range(4):
            time.sleep(0.1)
            slow.sendall(b" ")
        assert answer(port, b"GET /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")[0] == 200
        response = http.client.HTTPResponse(slow)
        response.begin()
        assert response.status == 408
    assert BODY_TIMEOUT_S <= time.monotonic() - began < BODY_TIMEOUT_S + 10


def test_many_slow_bodies_leave_room_for_others(port):
    """A hundred senders that never finish, more than there are threads: the next request is answered at once."""
    slow = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(100)]
    try:
        for link in slow:
            link.sendall(POST + b"Content-Length: 1000\r\n\r\n{")
        began = time.monotonic()
        assert answer(port, b"GET /api/v1/agents HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")[0] == 401
        assert time.monotonic() - began < BODY_TIMEOUT_S
    finally:
        for link in slow:
            link.close()


def test_a_long_address_is_refused(port):
    """414 beyond 8 KiB of path and query."""
    refused(port, b"GET /api/v1/agents?" + b"a" * MAX_URL_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414)


@pytest.mark.parametrize(
    "headers",
    [b"".join(b"X-%d: 1\r\n" % number for number in range(MAX_HEADERS)), b"X: " + b"a" * 40_000 + b"\r\n"],
)
def test_too_many_or_large_headers_are_refused(port, headers):
    """431 with a document."""
    refused(port, b"GET /api/v1/agents HTTP/1.1\r\n" + HOST + headers + b"\r\n", 431)


@pytest.mark.parametrize(
    "headers", [b"".join(b"X-%d: 1\r\n" % number for number in range(200)), b"X: " + b"a" * 200_000 + b"\r\n"]
)
def test_headers_beyond_measure_are_cut_off_by_the_server(port, headers):
    """A clean 431 too, without a document: it never reaches us."""
    assert answer(port, b"GET /api/v1/agents HTTP/1.1\r\n" + HOST + headers + b"\r\n")[0] == 431


def test_what_is_not_understood_is_a_problem(port):
    """Another media type 415, another method 405, an unknown path 404, no JSON 400."""
    xml = b"Content-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>"
    refused(port, b"POST /api/v1/tokens HTTP/1.1\r\n" + HOST + CLOSE + xml, 415)
    for method in (b"PUT", b"TRACE", b"BREW"):
        refused(port, method + b" /api/v1/tokens HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 405)
    for path in (b"/api/v1/nothing", b"/api/", b"/api/v2/agents", b"/api/v1/agents/", b"/api/v1/%00"):
        refused(port, b"GET " + path + b" HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 404)
    refused(port, POST + CLOSE + b"Content-Length: 1\r\n\r\n{", 400)


def test_deep_json_is_refused(port):
    """400 beyond 64 levels, also where Python itself would give up."""
    for depth in (MAX_DEPTH + 1, 100_000):
        body = b"[" * depth + b"]" * depth
        told = refused(port, POST + CLOSE + b"Content-Length: %d\r\n\r\n" % len(body) + body, 400)
        assert "64 deep" in told["detail"]


@pytest.mark.parametrize(
    ("content", "flaw"),
    [
        (json.loads("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH), ""),
        (json.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)), json_parser.TOO_DEEP),
        ([0] * (MAX_VALUES - 1), ""),
        ([0] * MAX_VALUES, json_parser.TOO_MANY),
        ({"a": {"b\0": 1}}, json_parser.UNSTORABLE),
        ([["\ud800"]], json_parser.UNSTORABLE),
        ({"n": 1e999}, json_parser.INFINITE),
        ({"n": [1.5, "ä", None, True]}, ""),
    ],
    ids=str,
)
def test_what_could_not_be_stored_is_refused(content, flaw):
    """At the limit it is taken, beyond it refused with the reason."""
    assert _flaw(content) == flaw


def test_a_number_without_end_is_refused(api):
    """`1e999` is infinity to Python and nothing to PostgreSQL; digits without end are no number either."""
    for number in ("1e999", "-1e999", "9" * 5000, "NaN", "Infinity"):
        body = f'{{"request": "Say hello", "parameters": {{"n": {number}}}}}'
        refusal = api.post("/api/v1/tasks", body, content_type="application/json")
        assert refusal.status_code == 400, number
        assert refusal["Content-Type"] == "application/problem+json"


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_query_that_takes_too_long_is_503(tenant):
    """The application's login is cut off by the database, and the client told to try again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '50ms'")
        with pytest.raises(OperationalError) as cut_off, transaction.atomic():
            cursor.execute("SELECT pg_sleep(10)")
    told = problem_from(cut_off.value)
    assert (told.status, told.headers["Retry-After"]) == (503, "5")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() != ("0",)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_a_body_that_was_taken_in_arrives_whole(port):
    """What the view reads is what was sent, in however many pieces."""
    open_tenant("acme")
    body = json.dumps(SIGN_IN).encode()
    pieces = [(0.02, chunk(bytes([byte]))) for byte in body[:20]] + [(0, chunk(body[20:]) + b"0\r\n\r\n")]
    status, _, made = answer(port, POST + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n", then=pieces)
    assert status == 201, made
    assert "access_token" in json.loads(made)
