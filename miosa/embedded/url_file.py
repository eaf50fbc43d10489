"""The secret of a server that its users are told as the password of its address: both read it from the same file."""

from pathlib import Path
from urllib.parse import urlsplit

from miosa.embedded.state import CannotStart

URL_FILE = "a file with the address that users of this server are given; its password is the server's secret"
SHORTEST = 32


def password_in(path: Path) -> str:
    """Return the password of the URL in a file.

    Raises:
        CannotStart: the file cannot be read, or there is no password in it worth the name.
    """
    try:
        secret = urlsplit(path.read_text().strip()).password or ""
    except (OSError, ValueError) as error:
        raise CannotStart(f"{path} holds no address: {error}") from error
    if len(secret) < SHORTEST:
        raise CannotStart(
            f"{path} holds an address with a password of {SHORTEST} characters or more, as http://:PASSWORD@host:port"
        )
    return secret
