"""Which names may become folders, labels and paths of the host."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from deployments.hosting.errors import Refused
from deployments.hosting.limits import (
    DEEPEST,
    LARGEST_FILE_BYTES,
    LONGEST_NAME,
    LONGEST_PATH,
    MIB,
    MOST_FILES,
)

SITE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
IDENTITY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,63})")
CHECKSUM = re.compile(r"[0-9a-f]{64}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


def check_site(name: str) -> str:
    """Return a site's name: one DNS label. Raises Refused."""
    if not SITE.fullmatch(name):
        raise Refused(
            f"{name[:80]!r} is no name of a site: use a-z, 0-9 and dashes, 63 characters at the most."
        )
    return name


def check_identity(value: str) -> str:
    """Return a tenant's or deployment's identity, safe as the name of a folder. Raises Refused."""
    if not IDENTITY.fullmatch(value):
        raise Refused(
            f"{value[:80]!r} is no identity: use letters, digits, dashes, 64 characters at the most."
        )
    return value


def check_files(sizes: Mapping[str, int], *, room_bytes: int) -> None:
    """Raise Refused with the first fault of a release's file list; nothing has been written yet."""
    if len(sizes) > MOST_FILES:
        raise Refused(f"A release holds up to {MOST_FILES:,} files, not {len(sizes):,}.")
    for path, size in sizes.items():
        check_path(path)
        if not 0 <= size <= LARGEST_FILE_BYTES:
            raise Refused(f"{path!r} may have up to {LARGEST_FILE_BYTES // MIB} MiB.")
    if (total := sum(sizes.values())) > room_bytes:
        raise Refused(
            f"The release has {total / MIB:.1f} MiB and the site has room for {max(room_bytes, 0) / MIB:.1f}: "
            "make it smaller, or take a larger plan."
        )
    _check_nothing_is_both(sizes)


def check_path(path: str) -> None:
    """Raise Refused unless it is a plain relative path."""
    parts = PurePosixPath(path).parts
    plain = bool(parts) and "/".join(parts) == path and not path.startswith("/") and ".." not in parts
    small = len(path) <= LONGEST_PATH and len(parts) <= DEEPEST
    if not plain or not small or not path.isprintable() or "\\" in path:
        raise Refused(f"{path[:80]!r} is no path of a release: use a plain relative one like `css/site.css`.")
    if any(len(part.encode(errors="replace")) > LONGEST_NAME for part in parts):
        raise Refused(f"{path[:80]!r} holds a name of more than {LONGEST_NAME} bytes.")


def _check_nothing_is_both(sizes: Mapping[str, int]) -> None:
    """Raise Refused where a path is a file and the folder of another."""
    for path in sizes:
        above = path
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in sizes:
                raise Refused(f"{above!r} is a file and also the folder of {path!r}.")


def check_domain(name: str, *, own: str) -> str:
    """Return a host name in small letters that may be a site's own. Raises Refused."""
    domain = name.strip().rstrip(".").lower()
    ours = {"localhost", own} - {""}
    if not DOMAIN.fullmatch(domain) or any(domain == host or domain.endswith(f".{host}") for host in ours):
        raise Refused(
            f"{name[:80]!r} cannot be a site's host name: use one like `www.example.org` of your own."
        )
    return domain


def check_variables(values: Mapping[str, str]) -> dict[str, str]:
    """Return environment variables that a shell takes. Raises Refused, never with a value in its message."""
    for name, value in values.items():
        if not VARIABLE.fullmatch(name):
            raise Refused(f"{name[:80]!r} is no name of a variable: use letters, digits and underscores.")
        if not isinstance(value, str) or "\0" in value or len(value) > 32_768:  # noqa: PLR2004  (the kernel's measure)
            raise Refused(f"The value of {name} must be text of up to 32,768 characters.")
    return dict(values)
