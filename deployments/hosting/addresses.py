"""Addresses of sites: signed, with an expiry, as a path that works everywhere or as a host name of their own.

    path   /<site>/<expiry>.<mac>/...            /<site>/<variant>.<expiry>.<mac>/...
    host   <id>-<expiry>-<mac>.localhost         <id>-<variant>-<expiry>-<mac>.localhost

`expiry` is seconds since the epoch in base 36, "0" for never. `variant` names a deployment that gets no traffic yet.
The path of a site that holds its name in the open is public knowledge; what protects it is the mac.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
ID_CHARACTERS, VARIANT_CHARACTERS, MAC_CHARACTERS = 12, 10, 24  # of base 32: 60, 50 and 120 bits
NEVER = 0
LONGEST_EXPIRY = 8  # characters


class Verdict(StrEnum):
    """What a signed address is worth."""

    VALID = "valid"
    EXPIRED = "expired"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an address says of itself; `site` is a name in path form, an id in host form."""

    site: str
    variant: str
    expiry: str
    mac: str


def site_id(tenant_id: str, name: str) -> str:
    """Return the short name of a site that fits into a DNS label."""
    return _short(f"{tenant_id}/{name}", ID_CHARACTERS)


def variant_of(deployment_id: str) -> str:
    """Return the short name of a deployment within its site."""
    return _short(deployment_id, VARIANT_CHARACTERS)


def sign(key: bytes, *, site: str, variant: str, expiry: str) -> str:
    """Return the mac over a site's id, a variant ("" for what is live) and an expiry."""
    told = f"address\n{site}\n{variant}\n{expiry}".encode()
    return _base32(hmac.digest(key, told, "sha256"))[:MAC_CHARACTERS]


def verify(key: bytes, claim: Claim, *, site: str, now: float) -> Verdict:
    """Say what the claim is worth for the site with this id. A forged one is never called expired."""
    right = sign(key, site=site, variant=claim.variant, expiry=claim.expiry)
    if not hmac.compare_digest(right.encode(), claim.mac.encode()):
        return Verdict.FORGED
    until = int(claim.expiry, 36)
    return Verdict.VALID if until == NEVER or now < until else Verdict.EXPIRED


def path_of(key: bytes, *, name: str, site: str, variant: str = "", until: int = NEVER) -> str:
    """Return the path form, with a slash at its end."""
    expiry = base36(until)
    mac = sign(key, site=site, variant=variant, expiry=expiry)
    return f"/{name}/{'.'.join(part for part in (variant, expiry, mac) if part)}/"


def label_of(key: bytes, *, site: str, variant: str = "", until: int = NEVER) -> str:
    """Return the host form's first label, 63 characters at the most."""
    expiry = base36(until)
    mac = sign(key, site=site, variant=variant, expiry=expiry)
    return "-".join(part for part in (site, variant, expiry, mac) if part)


def read_path(path: str) -> tuple[Claim, str] | None:
    """Return the claim in a path and what follows it (starting with a slash, or empty), None where there is none."""
    name, _, rest = path.removeprefix("/").partition("/")
    signed, slash, rest = rest.partition("/")
    claim = _claim(name, signed.split("."))
    return (claim, f"{slash}{rest}") if claim else None


def read_label(label: str) -> Claim | None:
    """Return the claim in a host's first label, None where it is a plain name."""
    site, _, signed = label.partition("-")
    return _claim(site, signed.split("-")) if len(site) == ID_CHARACTERS else None


def base36(number: int) -> str:
    """Return a number that is not negative in base 36."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits or "0"


def _claim(site: str, parts: list[str]) -> Claim | None:
    if len(parts) not in {2, 3} or not site:
        return None
    variant, expiry, mac = parts if len(parts) == 3 else ("", *parts)  # noqa: PLR2004
    told = len(mac) == MAC_CHARACTERS and 0 < len(expiry) <= LONGEST_EXPIRY and set(expiry) <= set(DIGITS)
    return Claim(site, variant, expiry, mac) if told and mac.isascii() else None


def _short(text: str, characters: int) -> str:
    return _base32(hashlib.sha256(text.encode()).digest())[:characters]


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().lower().rstrip("=")
