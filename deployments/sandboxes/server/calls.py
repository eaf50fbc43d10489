"""What every call of the data plane begins with: its box and its user."""

from typing import Any

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from connectrpc.request import RequestContext

from deployments.sandboxes.server.entrance import SANDBOX_ID
from deployments.sandboxes.server.places import check_user
from deployments.sandboxes.server.refusals import gone
from deployments.sandboxes.server.rooms import Room, Rooms

KEEPALIVE_HEADER = "keepalive-ping-interval"
KEEPALIVE_S, LEAST_KEEPALIVE_S = 50.0, 1.0
Context = RequestContext[Any, Any]


def room_of_call(rooms: Rooms, context: Context) -> Room:
    """Return the box of a call; the entrance has checked its token. Raise ConnectError."""
    sandbox_id = context.request_headers.get(SANDBOX_ID, "")
    check_user(context.request_headers.get("authorization", ""))
    room = rooms.find(sandbox_id)
    if room is None:  # it ended since
        raise ConnectError(Code.UNAVAILABLE, gone(sandbox_id[:64]).message)
    return room


def keepalive_s(context: Context) -> float:
    """Return after how many quiet seconds the caller wants a sign of life."""
    text = context.request_headers.get(KEEPALIVE_HEADER, "")
    return max(LEAST_KEEPALIVE_S, float(text)) if text.isdecimal() else KEEPALIVE_S
