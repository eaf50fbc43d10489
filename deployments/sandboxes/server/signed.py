"""Signed addresses of files: whoever has one may read or write that one file without the box's token."""

import base64
import hashlib
import time
from urllib.parse import parse_qs

from starlette.types import Scope

from deployments.sandboxes.server.entrance import Entrance, matches
from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.rooms import Room

OPERATIONS = {"GET": "read", "HEAD": "read", "POST": "write"}


class Signed(Entrance):
    """Lets through who signs with a box's token; the signature itself says which box it is."""

    def find(self, scope: Scope) -> Room:
        """Return the box of a signed address, or of the headers where it is not signed. Raise Refusal."""
        query = {
            name: values[0] for name, values in parse_qs(scope["query_string"].decode("latin-1")).items()
        }
        if not (given := query.get("signature")):
            return super().find(scope)
        expires = query.get("signature_expiration", "")
        if expires and not (expires.isdecimal() and int(expires) >= time.time()):
            raise Refusal(401, "The time of this signed address is over.")
        operation = OPERATIONS.get(scope["method"], "")
        for room in self.rooms.everyones():
            if matches(given, _signature(query, operation, room.token, expires)):
                return room
        raise Refusal(401, "The signature of this address is not valid for any sandbox.")


def _signature(query: dict[str, str], operation: str, token: str, expires: str) -> str:
    """Return what the SDK puts into an address: version 1 of its scheme."""
    signed = [
        query.get("path", ""),
        operation,
        query.get("username", ""),
        token,
        *([expires] if expires else []),
    ]
    digest = hashlib.sha256(":".join(signed).encode()).digest()
    return "v1_" + base64.b64encode(digest).rstrip(b"=").decode("ascii")
