"""What a remote may not be, send or hold: each is refused with its reason, and nothing is written."""

import threading
import zlib
from dataclasses import replace

import pytest
from dulwich.objects import Blob, Tree

from deployments.files import tree as tree_of
from deployments.git import packs
from deployments.git.errors import RemoteFailed, RemoteRefused
from deployments.git.fetching import fetch
from deployments.git.limits import GitLimits
from deployments.git.remotes import Remote, remote
from deployments.models import Project
from deployments.tests.git_server import LINK, PLAIN, SUBMODULE, git_server

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
ROOT = "/api/v1"


@pytest.fixture
def there(tmp_path, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, outgoing_allow=("127.0.0.0/8",))
    with git_server(tmp_path / "remote") as made:
        yield made


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ssh://git@forge.example/a.git", "ssh"),
        ("git://forge.example/a.git", "git and file"),
        ("file:///etc", "file"),
        ("/etc", "https"),
        ("https://bot:secret@forge.example/a.git", "user name or password"),
        ("https://forge.example/a.git?x=1", "no query"),
        ("https://forge.example:x/a.git", "cannot be read"),
        ("https://forge.example/" + "a" * 2_000, "https"),
    ],
)
def test_an_address_that_is_none(tenant, url, said):
    """Before anybody is called; a password in it is not repeated."""
    with pytest.raises(RemoteRefused, match=said) as caught:
        remote(url)
    assert "secret" not in str(caught.value).replace("the secret git/", "")


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "localhost"])
def test_a_private_address_is_not_called(tenant, host):
    """The platform's own network is nobody's remote."""
    with pytest.raises(RemoteRefused):
        fetch(Remote(f"https://{host}/code.git"))


def test_a_redirect_is_not_followed(tenant, there):
    """Not to a private address, nor to a public one: the new address has to be named."""

    def moved(_environ, start_response):
        start_response("302 Found", [("Location", "https://169.254.169.254/latest?token=1")])
        return [b""]

    there.instead = moved
    with pytest.raises(RemoteRefused, match=r"has moved to https://169\.254\.169\.254/latest;"):
        fetch(Remote(there.url))


def test_a_remote_that_hangs_is_left(tenant, there):
    """At the end of the time for all calls together."""
    ends = threading.Event()

    def slow(_environ, start_response):
        ends.wait(30)
        start_response("503 Service Unavailable", [])
        return [b""]

    there.instead = slow
    try:
        with pytest.raises(RemoteFailed, match="in time"):
            fetch(Remote(there.url), limits=GitLimits(total_s=0.5))
    finally:
        ends.set()


@pytest.mark.parametrize("body", [b"", b"<html>", b"0000", b"001e# service=git-upload-pack\n0000zzzz"])
def test_what_is_no_git_server_is_told(tenant, there, body):
    """Whatever it says instead."""

    def odd(_environ, start_response):
        start_response("200 OK", [("Content-Type", "application/x-git-upload-pack-advertisement")])
        return [body]

    there.instead = odd
    with pytest.raises((RemoteFailed, RemoteRefused)):
        fetch(Remote(there.url))


def test_a_server_that_only_shows_files_is_refused(tenant, there):
    """The dumb protocol asks for object after object, without end."""

    def plain(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{'a' * 40}\trefs/heads/main\n".encode() if "info/refs" in environ["PATH_INFO"] else b""]

    there.instead = plain
    with pytest.raises(RemoteRefused, match="only shows files"):
        fetch(Remote(there.url), "main")


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"link": (LINK, b"/etc/passwd")}, "symbolic link"),
        ({"sub": (SUBMODULE, b"a" * 40)}, "submodule"),
        ({".git": (PLAIN, b"x")}, "git's own folder"),
        ({"..": (PLAIN, b"x")}, "not taken"),
        ({"a\\b": (PLAIN, b"x")}, "backslash"),
        ({"A.txt": (PLAIN, b"x"), "a.txt": (PLAIN, b"x")}, "twice"),
        ({"big.bin": (PLAIN, bytes(17 * 1024 * 1024))}, "16,777,216"),
    ],
)
def test_what_a_tree_may_not_hold(api, there, entries, said):
    """The member is named, and the project stays as it was."""
    project = api.post(f"{ROOT}/projects", {"name": "Aurora"}).json()["id"]
    there.commit(entries)
    answer = api.post(f"{ROOT}/projects/{project}/git-imports", {"url": there.url})
    assert answer.status_code == 422, answer.content
    assert said in answer.json()["detail"]
    assert tree_of(Project.objects.get(pk=project)) == {}


def test_folders_that_hold_each_other_many_times_are_counted_as_they_come_out(tenant, there):
    """Ten levels of ten times the same folder are eleven objects and ten thousand million files."""
    blob = Blob.from_string(b"x")
    there.repo.object_store.add_object(blob)
    tree = Tree()
    tree.add(b"f", PLAIN, blob.id)
    for _ in range(10):
        there.repo.object_store.add_object(tree)
        above = Tree()
        for number in range(10):
            above.add(f"d{number}".encode(), 0o040000, tree.id)
        tree = above
    there.commit_tree(tree)
    with pytest.raises(RemoteRefused, match="5,000"):
        fetch(Remote(there.url))


def test_nothing_there_is_told(tenant, there):
    """An empty repository, an unknown branch, an odd name, a commit it does not have."""
    with pytest.raises(RemoteRefused, match="no branch of its own"):
        fetch(Remote(there.url))
    there.commit({"a": (PLAIN, b"a")})
    with pytest.raises(RemoteRefused, match="no branch and no tag"):
        fetch(Remote(there.url), "nothing")
    with pytest.raises((RemoteFailed, RemoteRefused)):
        fetch(Remote(there.url), "b" * 40)
    for ref in ("-x", "a..b", "a b", "a.lock", "--upload-pack=x"):
        with pytest.raises(RemoteRefused, match="no name of a branch"):
            fetch(Remote(there.url), ref)
    with pytest.raises(RemoteRefused, match="no such repository"):
        fetch(Remote(there.url.replace("code", "none")))


def head(kind, size):
    """An object's head in a pack: kind and size."""
    first, size = (kind << 4) | (size & 15), size >> 4
    out = bytearray()
    while size:
        out.append(first | 128)
        first, size = size & 127, size >> 7
    return bytes([*out, first])


def number(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def pack(*objects, count=None):
    """A pack as it is sent; its checksum is never reached by what is refused."""
    return (
        b"PACK"
        + (2).to_bytes(4)
        + (len(objects) if count is None else count).to_bytes(4)
        + b"".join(objects)
        + bytes(20)
    )


HUGE = 1 << 34


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (pack(count=2_000_000_000), "2,000,000,000 objects"),
        (pack(head(3, HUGE) + zlib.compress(bytes(1000))), "17,179,869,184"),
        (pack(head(7, 9) + bytes(20) + zlib.compress(number(8) + number(HUGE) + b"x")), "17,179,869,184"),
        (pack(*[head(3, 1 << 24) + zlib.compress(bytes(1 << 24))] * 17), "268,435,456"),
    ],
)
def test_a_pack_that_grows_beyond_measure_is_refused_before_it_does(sent, said):
    """By what its heads say, and a delta by what it makes."""
    with pytest.raises(RemoteRefused, match=said):
        packs.unpacked(sent, GitLimits())


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"PACK",
        pack(count=1),
        pack(head(3, 1) + zlib.compress(bytes(100_000_000))),  # says one byte, and is a hundred million
        pack(head(3, 100) + zlib.compress(b"short")),
        pack(head(3, 5) + zlib.compress(b"whole") + b"more"),
        pack(head(5, 5) + zlib.compress(b"whole")),
        pack(head(3, 5) + b"no zlib at all"),
        pack(b"\xff" * 40),
        pack(head(7, 5) + bytes(20) + zlib.compress(b"\x05\x05xxx")),
    ],
)
def test_a_pack_that_lies_is_broken(sent):
    """Its bytes are what they are, whatever it says."""
    with pytest.raises(RemoteFailed, match="no sound pack"):
        packs.unpacked(sent, GitLimits())


def test_a_pack_may_be_so_large(tenant, there):
    """Counted while it comes in."""
    there.commit({"a": (PLAIN, bytes(range(256)) * 100)})
    with pytest.raises(RemoteRefused, match=r"larger than|more than"):
        fetch(Remote(there.url), limits=GitLimits(pack_bytes=600))
