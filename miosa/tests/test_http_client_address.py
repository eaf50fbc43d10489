"""Whose address a request has: its peer's, or what a trusted proxy says of it."""

from dataclasses import replace

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from miosa.environment import InvalidEnvironment, read
from miosa.http.client_address import address_middleware, client_address, current_address

PROXIES = ("10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32")


@pytest.fixture
def trusted(settings):
    """Proxies in 10.0.0.0/8 and 2001:db8::/32, and 192.0.2.1."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, trusted_proxies=PROXIES)


def seen(peer, forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.mark.parametrize("forwarded", [None, "", "198.51.100.9", "198.51.100.9, 10.0.0.1"])
def test_it_believes_nobody_by_default(settings, forwarded):
    """Without trusted proxies the header means nothing: anybody can send one."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, trusted_proxies=())
    assert seen("203.0.113.5", forwarded) == "203.0.113.5"
    assert seen("127.0.0.1", forwarded) == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.1.2.3", "198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("10.1.2.3", "", "10.1.2.3"),
        ("203.0.113.5", "198.51.100.9", "203.0.113.5"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", "1.1.1.1, 198.51.100.9, 10.9.9.9", "198.51.100.9"),
        ("10.1.2.3", "10.0.0.7, 10.0.0.8", "10.0.0.7"),
        ("10.1.2.3", "198.51.100.9, nonsense", "10.1.2.3"),
        ("10.1.2.3", "nonsense, 198.51.100.9", "198.51.100.9"),
        ("10.1.2.3", "198.51.100.9:4711", "198.51.100.9"),
        ("10.1.2.3", "[2001:470::1]:4711", "2001:470::1"),
        ("10.1.2.3", "2001:470:0:0::1", "2001:470::1"),
        ("2001:db8::5", "198.51.100.9", "198.51.100.9"),
        ("::ffff:10.1.2.3", "198.51.100.9", "198.51.100.9"),
        ("::ffff:203.0.113.5", "198.51.100.9", "203.0.113.5"),
        ("192.0.2.1", "::ffff:198.51.100.9", "198.51.100.9"),
        ("192.0.2.2", "198.51.100.9", "192.0.2.2"),
        ("fe80::1%eth0", None, "fe80::1"),
        ("", "198.51.100.9", ""),
        ("unix:", "198.51.100.9", ""),
        ("10.1.2.3", ",".join(["10.0.0.1"] * 500), "10.0.0.1"),
        ("10.1.2.3", "198.51.100.9," + ",".join(["10.0.0.1"] * 500), "10.0.0.1"),
        ("10.1.2.3", "1" * 5000, "10.1.2.3"),
    ],
)
def test_it_reads_the_header_from_its_end(trusted, peer, forwarded, address):
    """The first address from the right that is no proxy of ours is the caller; what cannot be read ends the way."""
    assert seen(peer, forwarded) == address


def test_it_is_told_to_everything_below(trusted):
    """While a request is served its address is known without the request; afterwards it is not."""
    found = []

    def view(_request):
        found.append(current_address())
        return HttpResponse()

    middleware = address_middleware(view)
    middleware(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": "198.51.100.9"}))
    assert found == ["198.51.100.9"]
    assert current_address() == ""


def test_the_variable_is_checked():
    """Addresses and networks in canonical form; nonsense and the whole internet are refused by name."""
    assert read({}).trusted_proxies == ()
    assert read({"MIOSA_TRUSTED_PROXIES": "10.0.0.0/8, ::1,192.0.2.1"}).trusted_proxies == (
        "10.0.0.0/8", "::1/128", "192.0.2.1/32",
    )  # fmt: skip
    for wrong in ("proxy.example", "10.0.0.1/8", "10.0.0.0/33", "*", "0.0.0.0/0", "::/0"):
        with pytest.raises(InvalidEnvironment, match="MIOSA_TRUSTED_PROXIES"):
            read({"MIOSA_TRUSTED_PROXIES": wrong})
