"""Static files as HTTP has them: what is known, parts, codings, methods, folders, pages for what is not there."""

import gzip
import hashlib

import httpx
import pytest

from deployments.tests.boxes import needs_boxes
from deployments.tests.hosting_fixtures import customer_fixture, host_fixture  # noqa: F401

pytestmark = needs_boxes
TEXT = b"0123456789" * 500
BIG = bytes(range(256)) * 8192  # 2 MiB, and no text
FILES = {
    "index.html": b"<h1>hello</h1>",
    "text.txt": TEXT,
    "big.bin": BIG,
    "empty.txt": b"",
    "docs/index.html": b"<h1>docs</h1>",
    "packed.css": b"a{}" * 2000,
    "packed.css.gz": gzip.compress(b"a{}" * 2000),
    "r\u00e9sum\u00e9 1.txt": b"named",
}


@pytest.fixture
def site(customer):
    ref = customer.deploy("one", FILES)

    def ask(path="", method="GET", **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with httpx.Client(trust_env=False) as client:
            request = client.build_request(method, customer.status(ref).url + path, headers=sent)
            request.headers.pop("accept-encoding", None) if "accept-encoding" not in sent else None
            return client.send(request)

    return ask


def test_what_is_known_is_not_sent_again(site):
    """By tag, by one of several, by any, by date; by another tag it is; and its headers come along."""
    first = site("text.txt")
    tag, at = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"if_none_match": tag}, {"if_none_match": f'"other", W/{tag}'}, {"if_none_match": "*"}, {"if_modified_since": at},
    ):  # fmt: skip
        again = site("text.txt", **headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert again.headers["etag"] == tag
    for headers in (
        {"if_none_match": '"other"'},
        {"if_modified_since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"if_modified_since": "never"},
    ):
        assert site("text.txt", **headers).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=10-", 10, 4999),
        ("bytes=-5", 4995, 4999),
        ("bytes=4990-9999", 4990, 4999),
        ("bytes=-9999", 0, 4999),
    ],
)
def test_a_part_is_sent(site, asked, first, last):
    """The bytes that were asked for, and where they lie."""
    answer = site("text.txt", range=asked)
    assert (answer.status_code, answer.content) == (206, TEXT[first : last + 1])
    assert answer.headers["content-range"] == f"bytes {first}-{last}/5000"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-2", "items=0-1", "bytes=-", "bytes=x-y", "bytes=" + "9" * 30 + "-"]
)
def test_what_is_no_part_is_the_whole(site, asked):
    """Always a right answer."""
    answer = site("text.txt", range=asked)
    assert (answer.status_code, len(answer.content)) == (200, 5000)


def test_a_part_beyond_the_end_is_refused(site):
    """With the length, so that the client can ask again; of an empty file too."""
    for path, size in (("text.txt", 5000), ("empty.txt", 0)):
        answer = site(path, range=f"bytes={size}-")
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")


def test_a_part_of_what_has_changed_is_the_whole(site):
    """`If-Range` with another tag or date."""
    first = site("text.txt")
    for value, status in (
        (first.headers["etag"], 206), (first.headers["last-modified"], 206), ('"other"', 200), ("yesterday", 200),
    ):  # fmt: skip
        assert site("text.txt", range="bytes=0-1", if_range=value).status_code == status, value


def test_a_large_file_streams_whole_and_in_parts(site):
    """Nothing of it is lost on the way."""
    assert hashlib.sha256(site("big.bin").content).digest() == hashlib.sha256(BIG).digest()
    assert site("big.bin", range="bytes=1000000-1000999").content == BIG[1_000_000:1_001_000]


def test_who_takes_gzip_gets_it_under_another_tag(site):
    """Made beforehand or here; whoever refuses it gets the plain file; a part is always of the plain one."""
    for path, plain in (("packed.css", b"a{}" * 2000), ("text.txt", TEXT)):
        packed = site(path, accept_encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain  # the client unpacks
        assert int(packed.headers["content-length"]) < len(plain)
        assert "accept-encoding" in packed.headers["vary"]
        whole = site(path, accept_encoding="br;q=1, gzip;q=0")
        assert "content-encoding" not in whole.headers
        assert packed.headers["etag"] != whole.headers["etag"]
        assert site(path, accept_encoding="gzip", if_none_match=packed.headers["etag"]).status_code == 304
        assert "content-encoding" not in site(path, accept_encoding="gzip", range="bytes=0-3").headers


def test_heads_are_those_of_the_answer_without_it(site):
    """For a file, a part, a coding and what is not there."""
    for path, headers in (
        ("text.txt", {}),
        ("text.txt", {"range": "bytes=0-9"}),
        ("packed.css", {"accept_encoding": "gzip"}),
        ("none.txt", {}),
    ):
        head, full = site(path, method="HEAD", **headers), site(path, **headers)
        assert head.content == b""
        assert head.status_code == full.status_code
        assert head.headers.get("content-length") == full.headers.get("content-length")


def test_only_reading_is_served(site):
    """Other methods are named as not allowed, with those that are."""
    assert site("text.txt", method="OPTIONS").headers["allow"] == "GET, HEAD, OPTIONS"
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = site("text.txt", method=method)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_folders_have_their_index(site):
    """Without the slash it leads there, with the query; a name in any spelling is found."""
    moved = site("docs?a=1")
    assert moved.status_code == 308
    assert moved.headers["location"].endswith("/docs/?a=1")
    assert site("docs/").content == b"<h1>docs</h1>"
    assert site("r%C3%A9sum%C3%A9%201.txt").content == b"named"
    assert site("none").status_code == 404


def test_a_page_of_its_own_for_what_is_not_there(customer):
    """404.html with its status; with `one_page` the first page answers paths of the program in it."""
    ref = customer.deploy("one", {**FILES, "404.html": b"<h1>lost</h1>"})
    assert (customer.open(ref, "none").status_code, customer.open(ref, "none").content) == (
        404,
        b"<h1>lost</h1>",
    )
    customer.settings = {"one_page": True}
    ref = customer.deploy("two", FILES)
    assert (customer.open(ref, "orders/7").status_code, customer.open(ref, "orders/7").content) == (
        200,
        b"<h1>hello</h1>",
    )
    assert customer.open(ref, "none.png").status_code == 404
