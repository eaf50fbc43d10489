"""How the text of one environment variable is checked and typed.

Each check returns the typed value or raises ValueError with the rest of a sentence that begins with the
variable's name. No check repeats the value: it may be a secret.
"""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
MIN_JWT_SECRET_BYTES = 32  # HS256 wants a key as long as its hash, RFC 7518 section 3.2
MIN_DISTINCT_CHARACTERS = 10
# Values that examples, frameworks and tutorials use: anybody can sign a token with them.
KNOWN_SECRETS = (
    "changeme", "change-me", "change_me", "changethis", "django-insecure", "your-256-bit-secret", "your-secret",
    "your_secret", "yoursecret", "supersecret", "super-secret", "super_secret", "a-string-secret-at-least-256",
    "jwt_secret", "jwt-secret", "jwtsecret", "secret-key", "secret_key", "secretkey", "insecure", "example",
    "placeholder", "password", "012345678", "abcdefgh", "qwertyui",
)  # fmt: skip


def url(*schemes: str) -> Callable[[str], str]:
    """Check an absolute URL with one of `schemes` and a host; a trailing slash is dropped."""
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)

    def parse(value: str) -> str:
        try:
            parts = urlsplit(value)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(
                "is not a URL: check the host and write the port as a number up to 65535"
            ) from None
        if parts.scheme not in schemes:
            raise ValueError(f"must start with {wanted}")
        if not host or port == 0 or re.search(r"\s", value):
            raise ValueError(f"must name a host, as in {schemes[0]}://host:port, without spaces")
        return value.rstrip("/")

    return parse


def key(value: str) -> str:
    """Check an API key loosely: providers change their formats, a stray newline or quote is always wrong."""
    if re.search(r"[^\x21-\x7e]|[\"'`]", value):
        raise ValueError("holds a space, a line break, a quote or a non-ASCII character: paste the bare key")
    return value


def jwt_secret(value: str) -> str:
    """Refuse a signing secret that can be guessed."""
    if len(value.encode()) < MIN_JWT_SECRET_BYTES:
        raise ValueError(
            f"is shorter than {MIN_JWT_SECRET_BYTES} bytes: make one with `openssl rand -base64 48`"
        )
    if len(set(value)) < MIN_DISTINCT_CHARACTERS or any(known in value.lower() for known in KNOWN_SECRETS):
        raise ValueError("is a well-known or guessable value: make one with `openssl rand -base64 48`")
    return value


def flag(value: str) -> bool:
    """Read a yes or a no."""
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ValueError("must be 1 or 0 (true, yes, on, false, no and off are understood too)")


def number(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number from `low` to `high`, both included."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return parse


def host(value: str) -> str:
    """Check the name or address the web server listens on."""
    try:
        return str(ipaddress.ip_address(value.strip("[]")))
    except ValueError:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?", value) or re.fullmatch(
            r"[0-9.]+", value
        ):
            raise ValueError(
                "must be an address or a host name, without http:// and without a port"
            ) from None
        return value


def hosts(value: str) -> tuple[str, ...]:
    """Read host names separated by commas, as Django's ALLOWED_HOSTS wants them."""
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names or any(not re.fullmatch(r"\*|\.?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", name) for name in names):
        raise ValueError("must be host names separated by commas, without http:// and without ports")
    return names


def names(value: str) -> tuple[str, ...]:
    """Read names of variables separated by commas."""
    return tuple(value.split(","))


def folder(value: str) -> Path:
    """Read a folder's path; a relative one starts at the project."""
    path = ROOT / Path(value).expanduser()
    try:
        blocked = any(place.exists() and not place.is_dir() for place in (path, *path.parents))
    except OSError as error:
        raise ValueError(
            f"leads to a place this account cannot enter ({error.strerror}): name another path"
        ) from None
    if blocked:
        raise ValueError("must be a folder, but it leads to a file: name another path")
    return path
