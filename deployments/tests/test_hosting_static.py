"""Static releases as browsers get them: signed addresses, plain files, an atomic switch."""

import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from deployments.hosting.addresses import path_of, site_id
from deployments.targets.contract import Phase
from deployments.targets.errors import TargetError, TargetRefused
from deployments.tests.hosting_fixtures import customer_fixture, host_fixture  # noqa: F401
from deployments.tests.hosting_server import Files, tar_of

SITE = {
    "index.html": "<!doctype html><title>one</title>",
    "about/index.html": "<p>about",
    "style.css": "body{}",
    "404.html": "<p>lost",
    "data.json": "{}",
}


def test_it_serves_files_with_their_types(customer):
    """Folders have an index, types are told and believed, nothing is guessed."""
    ref = customer.deploy("one", SITE)
    for path, kind in (
        ("", "text/html"),
        ("about/", "text/html"),
        ("style.css", "text/css"),
        ("data.json", "application/json"),
    ):
        answer = customer.open(ref, path)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, kind)
        assert answer.headers["x-content-type-options"] == "nosniff"
    missing = customer.open(ref, "nothing.html")
    assert (missing.status_code, missing.text) == (404, "<p>lost")


def test_it_answers_conditions_ranges_and_head(customer):
    """What a browser has is not sent again; a part is sent where a part is asked for."""
    ref = customer.deploy("one", SITE)
    whole = customer.open(ref, "style.css")
    again = customer.open(ref, "style.css", headers={"If-None-Match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    part = customer.open(ref, "style.css", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"body", "bytes 0-3/6")
    head = customer.open(ref, "style.css", method="HEAD")
    assert (head.content, head.headers["content-length"]) == (b"", "6")
    assert customer.open(ref, method="POST").status_code == 405


@pytest.mark.parametrize(
    "path", ["..%2f..%2fsecrets/hosting", "%2e%2e/%2e%2e/x", "about/..%5c..%5cx", "//etc/passwd", "a%00b"]
)
def test_nothing_outside_the_release_is_served(customer, path):
    """However a way out is written."""
    ref = customer.deploy("one", SITE)
    parts = urlsplit(customer.status(ref).url)
    with httpx.Client(trust_env=False) as client:
        request = client.build_request("GET", f"http://{parts.netloc}/")
        request.url = request.url.copy_with(raw_path=(parts.path + path).encode())
        assert client.send(request).status_code in {400, 404}


def test_a_forged_address_is_refused_and_an_old_one_is_over(customer):
    """403 for what was changed, 410 for what had its time; another tenant's signature opens nothing."""
    ref = customer.deploy("one", SITE)
    url = customer.status(ref).url.rstrip("/")
    forged = url[:-1] + ("a" if url[-1] != "a" else "b")
    assert httpx.get(f"{forged}/", trust_env=False).status_code == 403
    from miosa.embedded.state import State

    secret = State(customer.server.folder).secret("hosting-sites")
    key = f"hosting addresses\0{secret}".encode()
    place = site_id(customer.tenant_id, customer.name)
    parts = urlsplit(url)
    old = path_of(key, name=customer.name, site=place, until=int(time.time()) - 1)
    answer = httpx.get(f"http://{parts.netloc}{old}", trust_env=False)
    assert (answer.status_code, "expired" in answer.text) == (410, True)


def test_a_page_is_shut_into_a_world_of_its_own(customer):
    """In path form: a sandboxed policy, no cookies either way."""
    ref = customer.deploy("one", SITE)
    answer = customer.open(ref)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"


def test_readers_never_see_a_half_switched_site(customer):
    """Thirty switches under eight readers: every page and its style are of one release, and none is missing."""
    urls, wrong, stop = [], [], threading.Event()

    def release(number):
        return {"index.html": f"<p>{number}", **{f"{n}.txt": str(number) * 500 for n in range(5)}}

    ref = customer.deploy("k0", release(0))
    urls.append(customer.status(ref).url)

    def read():
        with httpx.Client(trust_env=False) as client:
            while not stop.is_set():
                answer = client.get(f"{urls[0]}3.txt")
                one = answer.text[: len(answer.text) // 500]
                if answer.status_code != 200 or not one or answer.text != one * 500:
                    wrong.append((answer.status_code, answer.text[:40]))

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for number in range(1, 31):
        customer.deploy(f"k{number}", release(number))
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_what_was_no_good_is_taken_from_the_net(host, customer):
    """None of the traffic for the one that serves: its address has nothing any more, after a start too."""
    ref = customer.deploy("one", SITE)
    url = customer.status(ref).url
    customer.server.target.promote(ref, percent=0)
    assert httpx.get(url, trust_env=False).status_code == 503
    assert customer.status(ref).phase == Phase.CANCELED
    host.kill()
    host.restart()
    assert httpx.get(url, trust_env=False).status_code == 503
    assert customer.open(customer.deploy("two", SITE)).status_code == 200


def test_it_serves_on_after_a_kill(host, customer):
    """kill -9 between two requests: the same release, address and log."""
    ref = customer.deploy("one", SITE)
    url = customer.status(ref).url
    half = customer.server.target.apply(customer.spec({"index.html": "two"}), key="two")
    host.restart()
    assert customer.open(ref).text == SITE["index.html"]
    assert customer.status(ref).url == url
    assert customer.settled(half).phase is Phase.RELEASING


def test_the_same_key_makes_one_deployment(customer):
    """A repeat after a lost answer returns what the first one made."""
    ref = customer.deploy("one", SITE)
    again = customer.server.target.apply(customer.spec(SITE), key="one")
    assert again.deployment_id == ref.deployment_id
    assert customer.server.target.find(customer.place, key="never") is None


def test_it_goes_back_at_once(customer):
    """Rolling back switches to files that are still there."""
    first = customer.deploy("one", {"index.html": "first"})
    second = customer.deploy("two", {"index.html": "second"})
    assert customer.open(second).text == "second"
    back = customer.server.target.rollback(first, customer.spec({"index.html": "first"}), key="three")
    customer.settled(back)
    assert customer.open(back).text == "first"


def test_suspended_is_told_and_resumed(customer):
    """503 with a page while it is suspended; destroyed it is gone."""
    ref = customer.deploy("one", SITE)
    url = customer.status(ref).url
    target = customer.server.target
    target.suspend(customer.place)
    assert httpx.get(url, trust_env=False).status_code == 503
    target.resume(customer.place)
    assert httpx.get(url, trust_env=False).status_code == 200
    target.destroy(customer.place)
    target.destroy(customer.place)
    assert httpx.get(url, trust_env=False).status_code == 404


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "a.localhost", "[::1]", "-x.example.org"])
def test_names_of_this_machine_are_nobodys(customer, name):
    """A site cannot take an address that leads to the platform."""
    customer.deploy("one", SITE)
    with pytest.raises(TargetRefused):
        customer.server.target.domains(customer.place, (name,))


def test_a_host_name_is_its_first_owners(host, customer):
    """Served by the Host header; another site does not get it."""
    from deployments.tests.hosting_server import Customer

    ref = customer.deploy("one", SITE)
    name = f"www.{customer.name}.example.org"
    customer.server.target.domains(customer.place, (name,))
    parts = urlsplit(customer.status(ref).url)
    answer = httpx.get(f"http://{parts.netloc}/", headers={"Host": name}, trust_env=False)
    assert (answer.status_code, answer.text) == (200, SITE["index.html"])
    other = Customer(host, name=f"{customer.name}-other", tenant_id="somebody-else")
    other.deploy("one", SITE)
    with pytest.raises(TargetRefused, match="another site's"):
        host.target.domains(other.place, (name,))


@pytest.mark.parametrize("names", [("../x",), ("/etc/x",), ("a/../../x",), ("a\\b",)])
def test_what_leads_elsewhere_is_refused_before_it_is_written(customer, names):
    """The archive may be anything: only announced, plain files are taken."""
    with pytest.raises(TargetError):
        customer.server.target.apply(customer.spec(dict.fromkeys(names, "x")), key="one")


def test_an_archive_with_a_link_in_it_is_refused(customer):
    """A member that is no file is not taken, and nothing of the release is kept."""
    import tarfile

    link = tarfile.TarInfo("shadow")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
    raw = tar_of({"index.html": b"x"}, link)
    files = Files({"index.html": b"x", "shadow": b""}, raw=raw)
    with pytest.raises(TargetError):
        customer.server.target.apply(customer.spec({}, bundle=files), key="one")
    assert customer.server.target.find(customer.place, key="one") is None
