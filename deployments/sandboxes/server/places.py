"""What a request means by a path and by a user: there is one home and one user in a box."""

import base64
import binascii

from connectrpc.code import Code
from connectrpc.errors import ConnectError

from deployments.sandboxes.server.specs import HOME

USER = "user"
ONE_USER = f"invalid username: a sandbox of this server has one user, `{USER}`"


def place(path: str) -> str:
    """Return a path as a box takes it: absolute, or relative to the home; `~` is the home."""
    if path in {"", "~", "."}:
        return HOME
    return HOME + path[1:] if path.startswith("~/") else path


def is_ours(username: str) -> bool:
    """Say whether this is the user there is; nobody named is that one as well."""
    return username in {"", USER}


def check_user(authorization: str) -> None:
    """Raise ConnectError where Basic authentication names another user."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        username = base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        username = "?"
    if not is_ours(username):
        raise ConnectError(Code.UNAUTHENTICATED, ONE_USER)
