"""The control plane: boxes are made, listed, prolonged and ended; who may, the API key says."""

import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from deployments.sandboxes.permit import BadKey, Permit, unseal
from deployments.sandboxes.server import lists, measures
from deployments.sandboxes.server.bodies import json_of
from deployments.sandboxes.server.idempotency import Once
from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.representation import created, detailed
from deployments.sandboxes.server.rooms import Room, Rooms
from deployments.sandboxes.server.specs import spec_of
from deployments.sandboxes.server.wanted import DEFAULT_TIMEOUT_S, timeout, wanted

Asked = Callable[[Request, Permit], Awaitable[Response]]
UNSUPPORTED = ("pause", "resume", "fork", "snapshots")


class ControlPlane:
    """The routes of the API key."""

    def __init__(self, rooms: Rooms, secret: str) -> None:
        self._rooms = rooms
        self._secret = secret
        self._once: Once[Room] = Once()

    def routes(self) -> list[BaseRoute]:
        """Return them as the SDK's versions call them."""
        one = "/sandboxes/{sandbox_id}"
        missing = [Route(f"{one}/{name}", self._allowed(_missing), methods=["POST"]) for name in UNSUPPORTED]
        return [
            *(Route(f"{v}/sandboxes", self._allowed(self._create), methods=["POST"]) for v in ("", "/v2")),
            *(Route(f"{v}/sandboxes", self._allowed(self._list), methods=["GET"]) for v in ("", "/v2")),
            *(
                Route(f"{v}{one}/connect", self._allowed(self._connect), methods=["POST"])
                for v in ("", "/v2")
            ),
            Route(one, self._allowed(self._show), methods=["GET"]),
            Route(one, self._allowed(self._end), methods=["DELETE"]),
            Route(f"{one}/timeout", self._allowed(self._set_timeout), methods=["POST"]),
            Route(f"{one}/refreshes", self._allowed(self._refresh), methods=["POST"]),
            Route(f"{one}/metrics", self._allowed(self._measure), methods=["GET"]),
            Route(f"{one}/network", self._allowed(_missing), methods=["PUT"]),
            *missing,
        ]

    def _allowed(self, asked: Asked) -> Callable[[Request], Awaitable[Response]]:
        """Answer only who shows a key of ours."""

        async def answer(request: Request) -> Response:
            key = request.headers.get("x-api-key") or _bearer(request)
            try:
                permit = unseal(key, self._secret, now=time.time())
            except BadKey as error:
                raise Refusal(401, str(error)) from error
            return await asked(request, permit)

        return answer

    async def _create(self, request: Request, permit: Permit) -> Response:
        body = await json_of(request)
        asked = wanted(body, permit)
        key = request.headers.get("idempotency-key", "")
        room = await self._once.do(
            (permit.tenant, key) if key else None,
            body,
            lambda: self._rooms.open(permit, asked, spec_of(permit, asked)),
        )
        return JSONResponse(created(room), 201)

    async def _list(self, request: Request, permit: Permit) -> Response:
        page = lists.page(self._rooms.all_of(permit.tenant), dict(request.query_params))
        return JSONResponse(page.items, headers={"X-Next-Token": page.next_token} if page.next_token else {})

    async def _show(self, request: Request, permit: Permit) -> Response:
        return JSONResponse(detailed(self._room(request, permit)))

    async def _end(self, request: Request, permit: Permit) -> Response:
        await self._rooms.close(self._room(request, permit))
        return Response(status_code=204)

    async def _set_timeout(self, request: Request, permit: Permit) -> Response:
        seconds = timeout((await json_of(request)).get("timeout"), permit)
        self._rooms.end_in(self._room(request, permit), seconds)
        return Response(status_code=204)

    async def _refresh(self, request: Request, permit: Permit) -> Response:
        seconds = timeout((await json_of(request)).get("duration", DEFAULT_TIMEOUT_S), permit)
        self._extend(self._room(request, permit), seconds)
        return Response(status_code=204)

    async def _connect(self, request: Request, permit: Permit) -> Response:
        room = self._room(request, permit)
        seconds = timeout((await json_of(request)).get("timeout", 0), permit)
        self._extend(room, seconds)
        return JSONResponse(created(room), 200)

    async def _measure(self, request: Request, permit: Permit) -> Response:
        room = self._room(request, permit)
        return JSONResponse(measures.between(await measures.taken(room), dict(request.query_params)))

    def _extend(self, room: Room, seconds: float) -> None:
        """Prolong a box's life, never shorten it."""
        if seconds > lists.left_s(room):
            self._rooms.end_in(room, seconds)

    def _room(self, request: Request, permit: Permit) -> Room:
        return self._rooms.of(permit.tenant, request.path_params["sandbox_id"])


async def _missing(request: Request, _permit: Permit) -> Response:
    what = request.url.path.rpartition("/")[2]
    raise Refusal(501, f"`{what}` is not supported by this sandbox server; boxes live until their timeout.")


def _bearer(request: Request) -> str:
    return request.headers.get("authorization", "").removeprefix("Bearer ")
