"""Which headers pass between a client and an app, and what becomes of them. Pure.

In path form all sites share a host name, with the platform as well where that is on the same machine: cookies and
whatever else a browser keeps for a host would reach the neighbours, so neither side gets to see or set any.
"""

from collections.abc import Iterable

from deployments.hosting.protection import PROTECTED, Form, Headers

HOP_BY_HOP = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
    )
)
# Said by us, or not for an app: a client cannot pretend to be somebody else.
FORWARDED = frozenset(
    (
        *(b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-prefix"),
        *(b"x-forwarded-port", b"x-real-ip", b"expect", b"x-miosa-look"),
    )
)
# What a browser would keep for the whole host, or do to it.
HOST_WIDE = frozenset(
    (
        *(
            b"set-cookie",
            b"clear-site-data",
            b"strict-transport-security",
            b"service-worker-allowed",
            b"alt-svc",
        ),
        *(b"nel", b"report-to", b"reporting-endpoints", b"origin-agent-cluster", b"public-key-pins"),
    )
)
STRICTER = {(b"x-frame-options", b"deny")}


def to_app(
    headers: Headers, *, form: Form, client: str, scheme: str, prefix: str, upgrade: bool = False
) -> Headers:
    """Return the request's headers as the app gets them."""
    dropped = HOP_BY_HOP | FORWARDED | _named_in_connection(headers)
    if form is Form.PATH:
        dropped |= {b"cookie"}
    kept = [(name, value) for name, value in headers if name not in dropped]
    if any(name == b"transfer-encoding" for name, _ in headers):
        kept.append((b"transfer-encoding", b"chunked"))
    host = next((value for name, value in headers if name == b"host"), b"")
    kept += [
        (b"x-forwarded-for", client.encode()),
        (b"x-forwarded-proto", scheme.encode()),
        (b"x-forwarded-host", host),
        (b"connection", b"upgrade" if upgrade else b"close"),
    ]
    if upgrade:
        kept.append((b"upgrade", b"websocket"))
    if prefix:
        kept.append((b"x-forwarded-prefix", prefix.rstrip("/").encode()))
    return kept


def to_client(headers: Headers, *, form: Form, prefix: str, protection: Headers) -> Headers:
    """Return an answer's headers as the client gets them: the app's, with ours on top of them."""
    dropped = (
        HOP_BY_HOP | _named_in_connection(headers) | {b"date", b"server"}
    )  # the server has a date of its own
    if form is Form.PATH:
        dropped |= HOST_WIDE
    passed = [
        _passed(name, value, form, prefix)
        for name, value in headers
        if name not in dropped and _may_say(name, value)
    ]
    own = {name for name, _ in passed}
    # A policy of the app's own stays: browsers obey both. Whom it lets read across origins is its own affair.
    return [
        *passed,
        *(one for one in protection if one[0] == b"content-security-policy" or one[0] not in own),
    ]


def _may_say(name: bytes, value: bytes) -> bool:
    return name not in PROTECTED or (name, value.strip().lower()) in STRICTER


def _passed(name: bytes, value: bytes, form: Form, prefix: str) -> tuple[bytes, bytes]:
    if name == b"set-cookie":
        return name, host_only(value)
    # An app that knows nothing of its prefix redirects to a path of its own.
    if name == b"location" and form is Form.PATH and value.startswith(b"/") and not value.startswith(b"//"):
        below = prefix.rstrip("/").encode()
        return name, value if value.startswith(below + b"/") else below + value
    return name, value


def host_only(cookie: bytes) -> bytes:
    """Return a Set-Cookie value without a domain: the cookie is for this very host name."""
    first, *attributes = cookie.split(b";")
    return b";".join(
        [first, *(one for one in attributes if one.partition(b"=")[0].strip().lower() != b"domain")]
    )


def _named_in_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    values = (value for name, value in headers if name == b"connection")
    named = {name.strip().lower() for value in values for name in value.split(b",")}
    return frozenset(named - {b"host", b"content-length", b"close"})
