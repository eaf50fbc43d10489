"""The headers that keep a deployed page in its own world, whatever its code tries.

Browsers do not tell ports apart where cookies are concerned. A page under an address in path form shares the host of
the platform, so it is sandboxed into an opaque origin: no cookies, no storage, no service workers, and requests that
carry nobody's credentials. In host form a page has an origin of its own and may use that.
"""

import functools
from enum import StrEnum

Headers = list[tuple[bytes, bytes]]

ALLOWED = "allow-scripts allow-forms allow-modals allow-popups allow-downloads"
# Its own address and encrypted ones: never this machine's other ports, where the platform and its servers listen.
SOURCES = (
    "default-src 'self' https: data: blob: 'unsafe-inline' 'unsafe-eval'; connect-src 'self' https: wss: data: blob:{ws}; "
    "form-action 'self' https:; frame-src 'self' https: data: blob:; frame-ancestors 'self'; base-uri 'self'; object-src 'none'; "
    "worker-src 'self' blob:"
)


class Form(StrEnum):
    """How the address of a request was written."""

    PATH = "path"
    HOST = "host"


def protect(form: Form, *, host: bytes) -> Headers:
    """Return the headers that go on every answer of a site."""
    return [
        *_FIXED,
        *(_IN_A_PATH if form is Form.PATH else _OF_ITS_OWN),
        (b"content-security-policy", policy(form, host)),
    ]


@functools.lru_cache(maxsize=1024)
def policy(form: Form, host: bytes) -> bytes:
    """Return the Content-Security-Policy; `host` is the request's own, so that its web sockets work."""
    sandbox = ALLOWED if form is Form.PATH else f"{ALLOWED} allow-same-origin"
    plain = host.decode("ascii", "replace")
    own_socket = (
        f" ws://{plain}" if plain and all(letter.isalnum() or letter in ".-:[]" for letter in plain) else ""
    )
    return f"sandbox {sandbox}; {SOURCES.format(ws=own_socket)}".encode()


_FIXED: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=()"),
    (b"x-robots-tag", b"noindex"),
]
_OF_ITS_OWN: Headers = [
    (b"cross-origin-resource-policy", b"same-site"),
]
# A page of an opaque origin is a stranger to its own files: fonts, modules and fetches need this. Who holds the
# signed address may read it anyway, and no credentials are ever sent along.
_IN_A_PATH: Headers = [
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
]
PROTECTED = frozenset(name for name, _ in (*_FIXED, *_OF_ITS_OWN))
