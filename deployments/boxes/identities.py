"""User ids for boxes that root opens: each has one of its own, so that nobody shares its counts or may signal it."""

import secrets
import socket

from deployments.boxes.errors import BoxUnavailable

# The kernel counts processes by user id, and lets processes of one user signal each other. These ids are the ones
# that systemd documents as unused.
UNUSED = range(60_578, 61_184)


def take_user() -> tuple[int, socket.socket]:
    """Return an id that no other box on this host has, and what keeps it ours until closed (or until we die).

    A name in the abstract socket space can be had by one process at a time and is free again when that ends.
    """
    start = secrets.randbelow(len(UNUSED))
    for step in range(len(UNUSED)):
        user = UNUSED[(start + step) % len(UNUSED)]
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0miosa-box-user-{user}")
        except OSError:
            claim.close()
            continue
        return user, claim
    raise BoxUnavailable("As many boxes are open as there are user ids for them; close some.")
