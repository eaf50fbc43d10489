"""How the text of one environment variable is checked and typed.

Each check returns the typed value or raises ValueError with the rest of a sentence that begins with the
variable's name. No check repeats the value: it may be a secret.
"""

import ipaddress
import re
from base64 import b64decode
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
MIN_JWT_SECRET_BYTES = 32  # HS256 wants a key as long as its hash, RFC 7518 section 3.2
MIN_DISTINCT_CHARACTERS = 10
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
MASTER_KEY_BYTES = 32  # AES-256
MIN_DISTINCT_BYTES = 16  # of 32 random bytes about 30 are distinct
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


def secret_keys(value: str) -> tuple[str, ...]:
    """Read master keys, newest first: `id:base64 of 32 bytes`, separated by commas; refuse one that can be guessed."""
    entries = tuple(part.strip() for part in value.split(",") if part.strip())
    ids, keys = [entry.partition(":")[0] for entry in entries], [_master_key(entry) for entry in entries]
    if not entries or len(set(ids)) < len(ids) or len(set(keys)) < len(keys):
        raise ValueError("names a key or an id twice, or none: give each key once, under an id of its own")
    return entries


def _master_key(entry: str) -> bytes:
    key_id, _, text = entry.partition(":")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,15}", key_id) or key_id == "jwt":
        raise ValueError(
            "must be `id:key` pairs; an id has up to 16 small letters, digits and dashes, and is not `jwt`"
        )
    try:
        made = b64decode(text, validate=True)
    except ValueError:
        made = b""
    if len(made) != MASTER_KEY_BYTES:
        raise ValueError(
            f"must hold base64 of {MASTER_KEY_BYTES} bytes after each id: make one with `openssl rand -base64 32`"
        )
    steps = {(after - before) % 256 for before, after in pairwise(made)}
    if made.isascii() or len(set(made)) < MIN_DISTINCT_BYTES or len(steps) < MIN_DISTINCT_CHARACTERS:
        raise ValueError("holds a key that can be guessed: make a random one with `openssl rand -base64 32`")
    return made


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


def networks(value: str) -> tuple[str, ...]:
    """Read addresses and networks separated by commas; the canonical form of each."""
    try:
        found = tuple(str(ipaddress.ip_network(part.strip())) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks separated by commas, as in 10.0.0.0/8,::1") from None
    if any(ipaddress.ip_network(one).prefixlen == 0 for one in found):
        raise ValueError("names the whole internet: then anybody could claim any address; name the proxies")
    return found


def issuer(value: str) -> str:
    """Check an OpenID provider's issuer, kept to the letter; plain http only on this machine."""
    parts = urlsplit(url("https", "http")(value))
    if parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        raise ValueError("must start with https:// (plain http is for a provider on this machine)")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("must be the bare address of the provider, without a query, fragment or login")
    return value


def mail_address(value: str) -> str:
    """Check the address mail comes from."""
    if not re.fullmatch(r"[^@\s<>,\x00-\x1f]+@[A-Za-z0-9.-]+", value):
        raise ValueError("must be one bare e-mail address")
    return value


def label(value: str) -> str:
    """Check a short name that is shown to people."""
    if len(value) > 40 or not value.isprintable():  # noqa: PLR2004  what fits a button
        raise ValueError("must be up to 40 printable characters")
    return value


def model_name(value: str) -> str:
    """Check the name of an embeddings model, as its server is asked for it."""
    if not re.fullmatch(r"[A-Za-z0-9._:/@-]{1,80}", value):
        raise ValueError("must be a model's name: up to 80 letters, digits and any of ._:/@-")
    return value


def one_of(*words: str) -> Callable[[str], str]:
    """Check that the value is one of a few words, in any case of letters."""

    def parse(value: str) -> str:
        if (known := {word.lower(): word for word in words}.get(value.lower())) is None:
            raise ValueError(f"must be {' or '.join(words)}")
        return known

    return parse


def places(value: str) -> tuple[str, ...]:
    """Read hosts (`name`, `name:port`), addresses and networks separated by commas; networks in canonical form."""
    return tuple(_place(part.strip().lower()) for part in value.split(",") if part.strip())


def _place(text: str) -> str:
    if re.fullmatch(r"[0-9a-f.:]+(/[0-9]+)?", text) and not re.fullmatch(r"[0-9.]+:[0-9]+|[a-f0-9]+", text):
        return networks(text)[0]
    host, _, port = text.partition(":")
    if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host) or (port and not port.isdigit()):
        raise ValueError(
            "must be hosts, host:port, addresses or networks separated by commas, without https://"
        )
    return text


def names(value: str) -> tuple[str, ...]:
    """Read names of variables separated by commas."""
    return tuple(value.split(","))


def file(value: str) -> str:
    """Read the path of a file that is there; a relative one starts at the project."""
    path = ROOT / Path(value).expanduser()
    if not path.is_file():
        raise ValueError("must name a file that is there")
    return str(path)


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
