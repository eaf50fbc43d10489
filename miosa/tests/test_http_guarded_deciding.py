"""Where users may send us: every address and spelling that leads inside is refused, from the text alone."""

import ast
from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from miosa.environment import ROOT, InvalidEnvironment, read
from miosa.http.guarded import OutgoingRefused, Rules
from miosa.http.guarded.addresses import NOT_PUBLIC_4, is_public
from miosa.http.guarded.deciding import destination_of, first_hop, next_hop

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.0.1",
    "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.9", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1",
    "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "2001:0:7f00:1::", "2001:0:808:808:0:0:80ff:fffe",
    "3fff::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1", "4000::1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1", "198.17.0.1",
    "223.255.255.254", "2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("text", INSIDE)
def test_what_is_not_the_public_internet_is_known_in_every_form(text):
    """Private, shared, loopback, link-local, metadata, multicast, reserved, and all of it wrapped in IPv6."""
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_the_public_internet_is_reached(text):
    """Also through NAT64 and 6to4, where they lead to it."""
    assert is_public(ip_address(text))


WRAPPINGS = [
    lambda bits: (0xFFFF << 32) | bits,
    lambda bits: (0xFFFF << 48) | bits,
    lambda bits: (0x64FF9B << 96) | bits,
    lambda bits: (0x2002 << 112) | bits << 80 | 1,
    lambda bits: (0x2001 << 112) | (0x08080808 << 64) | (bits ^ 0xFFFFFFFF),
    lambda bits: (0x2001 << 112) | (bits << 64) | (0x08080808 ^ 0xFFFFFFFF),
]


@given(st.sampled_from(NOT_PUBLIC_4), st.integers(0, 2**32 - 1), st.sampled_from(WRAPPINGS))
def test_no_wrapping_hides_an_address(network, number, wrapped):
    """Whatever IPv4 address inside and whatever form around it."""
    inside = IPv4Address(int(network.network_address) + number % network.num_addresses)
    assert not is_public(inside)
    assert not is_public(IPv6Address(wrapped(int(inside))))


REFUSED = [
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "https:///x",
    "https://example.com:8443/", "https://example.com:80/", "https://user@example.com/", "https://u:p@example.com/",
    "https://example.com@127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
    "https://127.1/", "https://127.0.0.0x1/", "https://0/", "https://0x/", "https://127.0.0.1./",
    "https://example.com./", "https://[fe80::1%25eth0]/", "https://[::1%lo]/", "https://ex ample.com/",
    "https://exa\\mple.com/", "https://example.com\\@evil.example/", "https://%31%32%37.0.0.1/", "https://-a.example/",
    "https://a..example/", "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/",
    "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "https://\uff11\uff12\uff17.0.0.1/", "https://127\u30020\u30020\u30021/",
    "//example.com/", "example.com", "", "javascript:alert(1)",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_odd_addresses_are_refused_before_anything_is_looked_up(text):
    """Other schemes and ports, credentials, numbers that programs read as addresses, zones, dots too many."""
    with pytest.raises((OutgoingRefused, httpx.InvalidURL)):
        destination_of(httpx.URL(text), Rules())


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://example.com/hook?x=1", "example.com"),
        ("https://EXAMPLE.com:443/", "example.com"),
        ("https://b\u00fccher.example/", "xn--bcher-kva.example"),
        ("https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700::1111]/", "2606:4700::1111"),
    ],
)
def test_usual_addresses_are_taken(text, host):
    """Names in any letters and plain addresses, over https."""
    assert destination_of(httpx.URL(text), Rules()).host == host


@pytest.mark.parametrize("text", INSIDE)
def test_one_address_inside_is_enough_to_refuse(text):
    """A name with a public and a private address is not called at all."""
    destination = destination_of(httpx.URL("https://example.com/"), Rules())
    with pytest.raises(OutgoingRefused, match="public internet"):
        destination.refuse_addresses(["8.8.8.8", text], Rules())


@pytest.mark.parametrize("found", [[], ["nonsense"], ["8.8.8.8", "fe80::1%eth0"], ["8.8.8.8", ""]])
def test_an_answer_that_holds_no_address_is_refused(found):
    """What a resolver says is read as strictly as what a user says."""
    destination = destination_of(httpx.URL("https://example.com/"), Rules())
    with pytest.raises(OutgoingRefused):
        destination.refuse_addresses(found, Rules())


@pytest.mark.parametrize(
    ("allow", "text", "found"),
    [
        ("hooks.test", "http://hooks.test:8080/", "10.0.0.7"),
        ("hooks.test:8080", "http://hooks.test:8080/", "10.0.0.7"),
        ("127.0.0.0/8", "http://127.0.0.1:9000/", "127.0.0.1"),
        ("10.0.0.0/8", "https://hooks.example/", "10.0.0.7"),
        ("fd00::/8", "https://hooks.example/", "fd00::7"),
        ("10.0.0.0/8", "https://hooks.example/", "::ffff:10.0.0.7"),
    ],
)
def test_the_operator_opens_what_he_names(allow, text, found):
    """A host by its name, a network by its addresses."""
    rules = Rules(allow=read({"MIOSA_OUTGOING_ALLOW": allow}).outgoing_allow)
    assert destination_of(httpx.URL(text), rules).refuse_addresses([found], rules)


@pytest.mark.parametrize(
    ("allow", "text", "found"),
    [
        ("hooks.test:8080", "http://hooks.test:8081/", "10.0.0.7"),
        ("hooks.test", "http://other.test/", "10.0.0.7"),
        ("hooks.test", "https://sub.hooks.test/", "10.0.0.7"),
        ("10.0.0.0/8", "https://hooks.example/", "192.168.0.1"),
        ("10.0.0.0/8", "http://hooks.example/", "10.0.0.7"),
        ("hooks.test", "http://user@hooks.test/", "10.0.0.7"),
    ],
)
def test_the_operator_opens_nothing_else(allow, text, found):
    """Another port, host or network stays closed, and odd addresses do."""
    rules = Rules(allow=read({"MIOSA_OUTGOING_ALLOW": allow}).outgoing_allow)
    with pytest.raises(OutgoingRefused):
        destination_of(httpx.URL(text), rules).refuse_addresses([found], rules)


@pytest.mark.parametrize(
    "text", ["https://a.example", "a b", "0.0.0.0/0", "::/0", "a:x", "10.0.0.1/8", "*", "a/b"]
)
def test_the_operators_list_is_checked(text):
    """A list that says something else than hosts and networks does not start the product."""
    with pytest.raises(InvalidEnvironment):
        read({"MIOSA_OUTGOING_ALLOW": text})


def asked(method="GET", url="https://a.example/one", **more):
    return first_hop(httpx.Request(method, url, **more))


SECRETS = {
    "Authorization": "Bearer x",
    "Cookie": "a=b",
    "X-Api-Key": "k",
    "X-Webhook-Signature": "s",
    "Accept": "text/plain",
}


def names(hop):
    return {name.decode().lower() for name, _ in hop.headers}


def test_another_origin_is_told_no_secret():
    """After a redirect elsewhere only harmless headers go on: what an unknown one means nobody knows."""
    elsewhere = next_hop(asked(headers=SECRETS), 302, "https://b.example/two")
    assert names(elsewhere) == {"host", "accept", "accept-encoding", "user-agent"} & names(elsewhere)
    assert "accept" in names(elsewhere)
    assert dict(elsewhere.headers)[b"Host"] == b"b.example"


@pytest.mark.parametrize(
    "location", ["https://a.example:444/x", "http://a.example/x", "https://A.example.org/"]
)
def test_another_port_or_scheme_is_another_origin(location):
    """The same name is not the same place."""
    assert "authorization" not in names(next_hop(asked(headers=SECRETS), 302, location))


def test_the_same_origin_is_told_again():
    """A redirect to another path keeps the request's headers."""
    assert {"authorization", "x-api-key"} <= names(next_hop(asked(headers=SECRETS), 302, "/two"))
    assert next_hop(asked(), 302, "../x?y#z").url == httpx.URL("https://a.example/x?y")


def test_a_body_is_not_sent_to_another_place():
    """A redirect that keeps the body is followed at its own origin only."""
    sent = asked("POST", content=b"data")
    assert next_hop(sent, 307, "/two").with_body
    with pytest.raises(OutgoingRefused, match="body"):
        next_hop(sent, 308, "https://b.example/")
    turned = next_hop(sent, 303, "https://b.example/")
    assert (turned.method, turned.with_body) == ("GET", False)
    assert "content-length" not in names(turned)


@pytest.mark.parametrize("location", ["https://[/", "https://a b/", "https://exa\tmple/\n", "http://"])
def test_a_redirect_that_cannot_be_read_is_refused(location):
    """It is told as such, whatever the library makes of it."""
    with pytest.raises((OutgoingRefused, httpx.InvalidURL)):
        destination_of(next_hop(asked(), 302, location).url, Rules())


def test_the_host_header_is_the_urls():
    """Nobody names one host in the address and another in the header."""
    hop = asked(headers={"Host": "internal.example", "Accept-Encoding": "br", "Connection": "upgrade"})
    assert dict(hop.headers)[b"Host"] == b"a.example"
    assert dict(hop.headers)[b"Accept-Encoding"] == b"gzip"
    assert "connection" not in names(hop)


def test_nothing_else_opens_addresses(trees):
    """The standard library's clients serve our own servers on loopback only; .importlinter watches the others.

    The harness of the sites runs inside a box, and asks what runs beside it there.
    """
    clients = {"urllib.request", "http.client", "ftplib", "telnetlib"}
    found = {
        path
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and clients & {getattr(node, "module", ""), *(name.name for name in node.names)}
    }
    allowed = {"agents/verifiers/site_harness.py"}
    assert {path for path in found if not path.startswith("miosa/embedded/")} == allowed


@pytest.fixture
def trees():
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text())
        for app in ("miosa", "tenants", "billing", "routing", "deployments", "agents")
        for path in (ROOT / app).rglob("*.py")
        if "tests" not in path.parts and "testing" not in path.parts
    }
