"""What a key of our sandbox server allows: the tenant and its limits, sealed so that nobody else can write one."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

SECRET = "sandboxes"  # noqa: S105  its name in the state folder
PREFIX = "e2b_"  # as every key of this wire begins
MAC_DIGITS = 64
MOST_DIGITS = 16_384
MIB = 1024 * 1024
ANYWHERE = "*"  # any public host, each to be named by who opens the box


class BadKey(Exception):  # noqa: N818  (it is what the caller is told)
    """The key was not made with this server's secret, or its time is over."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Whose boxes, how many at once, how long each may live, and how large each is.

    `hosts`: the only addresses a box may be given network to. `until`: seconds since the epoch, 0 for ever.
    """

    tenant: str
    boxes: int = 4
    lifetime_s: int = 3600
    memory_bytes: int = 1024 * MIB
    processors: float = 1.0
    processes: int = 128
    disk_bytes: int = 512 * MIB
    output_bytes: int = 64 * MIB
    hosts: tuple[str, ...] = ()
    until: int = 0


def seal(permit: Permit, secret: str) -> str:
    """Return the key that stands for a permit."""
    claims = json.dumps(asdict(permit), separators=(",", ":")).encode()
    return f"{PREFIX}{claims.hex()}{_mac(claims, secret)}"


def unseal(key: str, secret: str, *, now: float) -> Permit:
    """Return the permit of a key. Raise BadKey."""
    digits = key.removeprefix(PREFIX)
    try:
        claims, mac = bytes.fromhex(digits[:-MAC_DIGITS]), digits[-MAC_DIGITS:]
    except ValueError:
        raise BadKey("This API key is not one of this server.") from None
    sealed = len(digits) <= MOST_DIGITS and hmac.compare_digest(mac.encode(), _mac(claims, secret).encode())
    if not sealed:
        raise BadKey("This API key is not one of this server.")
    members = json.loads(claims)
    permit = Permit(**(members | {"hosts": tuple(members["hosts"])}))
    if permit.until and permit.until < now:
        raise BadKey("The time of this API key is over.")
    return permit


def beyond(wanted: Iterable[str], hosts: Iterable[str]) -> tuple[str, ...]:
    """Return the hosts asked for that no entry of the permit covers; `*.example.org` covers what lies below it."""
    entries = {host.lower() for host in hosts}
    return tuple(host for host in wanted if not _covered(host.lower(), entries))


def _covered(host: str, entries: set[str]) -> bool:
    if ANYWHERE in entries:
        return "*" not in host or host.startswith("*.")
    below = (entry.removeprefix("*") for entry in entries if entry.startswith("*."))
    return host in entries or any(host.removeprefix("*").endswith(end) for end in below)


def _mac(claims: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), b"miosa sandboxes 1 " + claims, hashlib.sha256).hexdigest()
