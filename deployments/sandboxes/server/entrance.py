"""The way into a box: which one a request means, and whether its token is the box's; before every data route."""

import hmac
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.sandboxes.server.refusals import Refusal, answer, gone
from deployments.sandboxes.server.rooms import Room, Rooms

SANDBOX_ID, TOKEN, TRAFFIC_TOKEN = "e2b-sandbox-id", "x-access-token", "e2b-traffic-access-token"
ROOM = "room"  # in the scope's state


class Entrance:
    """Lets a request through to a box's application, with the box in its state; refuses what has no right to it.

    The interpreter's routes take the traffic token as well: the SDK sends some of its requests with that alone.
    """

    def __init__(self, app: ASGIApp, rooms: Rooms, *, traffic: bool = False) -> None:
        self._app = app
        self.rooms = rooms
        self._traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, or hand the request on."""
        if scope["type"] != "http":
            return
        try:
            room = self.find(scope)
        except Refusal as refusal:
            await answer(refusal)(scope, receive, send)
            return
        scope.setdefault("state", {})[ROOM] = room
        await self._app(scope, receive, send)

    def find(self, scope: Scope) -> Room:
        """Return the box the request has a right to. Raise Refusal."""
        headers = Headers(scope=scope)
        sandbox_id = headers.get(SANDBOX_ID, "")
        room = self.rooms.find(sandbox_id)
        if room is None:
            raise gone(sandbox_id[:64])
        if not self._has_right(headers, room):
            raise Refusal(401, "The access token of this sandbox is missing or wrong.")
        return room

    def _has_right(self, headers: Headers, room: Room) -> bool:
        right = matches(headers.get(TOKEN, ""), room.token)
        return right or (self._traffic and matches(headers.get(TRAFFIC_TOKEN, ""), room.traffic_token))


def matches(given: str, token: str) -> bool:
    """Compare without telling by the time how much of it was right."""
    return hmac.compare_digest(given.encode(), token.encode())


def room_of(scope: Any) -> Room:
    """Return the box an entrance found."""
    found: Room = scope["state"][ROOM]
    return found
