"""Where a remote is and who asks: an address as it is written, and a credential from the tenant's vault."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from deployments.git.errors import RemoteRefused
from tenants import vault

MOST_URL = 1_000
SCHEMES = {"https", "http"}  # which of them, and to where, is the guarded transport's to say
PLACE = "git"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
ANY_USER = "git"  # where a token says it all


@dataclass(frozen=True, slots=True)
class Remote:
    """`authorization` is the header's value, empty without a credential; it shows nowhere."""

    url: str
    authorization: str = field(default="", repr=False)


def remote(url: str, credential: str = "") -> Remote:
    """Return a remote of the current tenant. `credential` names the secret `git/<credential>`, `user:token` or a token.

    Raises RemoteRefused.
    """
    parts = _parts(url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise RemoteRefused(
            "A remote is an https:// address of a git server; ssh, git and file addresses are not called."
        )
    if "@" in parts.netloc:
        raise RemoteRefused(
            "An address with a user name or password in it is not taken: store them as the secret git/<name>, and name it as `credential`."
        )
    if parts.query or parts.fragment or any(not one.isprintable() or one.isspace() for one in url):
        raise RemoteRefused("The address of a remote has no query, no fragment and no spaces.")
    return Remote(url.rstrip("/"), _authorization(credential) if credential else "")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url if len(url) <= MOST_URL else "")
        _ = parts.port  # raises for what is no number
    except ValueError:
        raise RemoteRefused("The address of the remote cannot be read.") from None
    return parts


def _authorization(name: str) -> str:
    secret = vault.read(f"{PLACE}/{name}") if NAME.fullmatch(name) else None
    if secret is None:
        raise RemoteRefused(
            f"There is no secret {PLACE}/{name[:100]}: store `user:token` under that name first."
        )
    user, colon, token = secret.decode(errors="replace").strip().rpartition(":")
    pair = f"{user}:{token}" if colon else f"{ANY_USER}:{token}"
    return f"Basic {b64encode(pair.encode()).decode()}"
