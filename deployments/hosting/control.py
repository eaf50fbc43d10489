"""The control side, for the product alone: HTTP on the loopback address, with a token."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from deployments.hosting import telling
from deployments.hosting.deploying import cancel, deploy
from deployments.hosting.domains import replace_domains
from deployments.hosting.errors import Busy, HostingError, Lost, Refused
from deployments.hosting.going_live import destroy, promote, resume, suspend
from deployments.hosting.host import Host
from deployments.hosting.intake import read_wanted
from deployments.hosting.names import check_variables
from deployments.hosting.running import keep_variables
from deployments.hosting.site import WHOLE, Site

Endpoint = Callable[[Request], Awaitable[Response]]
SITE = "/tenants/{tenant_id}/sites/{site}"
DEPLOYMENT = f"{SITE}/deployments/{{key}}"
LOG_LINES = 500


class WithToken:
    """Lets through who knows the token; /health is for everybody."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._wanted = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look at the Authorization header."""
        if scope["type"] == "http" and scope["path"] != "/health":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._wanted):
                refused = JSONResponse(
                    {"error": "unauthorized", "message": "The token is missing or wrong."}, 401
                )
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Control:
    """The endpoints; each reads the request, calls one function, tells the result."""

    def __init__(self, host: Host, ports: dict[str, int]) -> None:
        self._host, self._ports = host, ports

    def app(self, token: str) -> Starlette:
        """Return the ASGI application."""
        routes = [
            Route("/health", self.health),
            Route("/sites", self.sites),
            Route("/usage", self.usage),
            Route("/usage/{batch}/acknowledgement", self.acknowledge, methods=["POST"]),
            Route(SITE, self.site, methods=["GET"]),
            Route(SITE, self.destroy, methods=["DELETE"]),
            Route(f"{SITE}/variables", self.variables, methods=["PUT"]),
            Route(f"{SITE}/domains", self.domains, methods=["PUT"]),
            Route(f"{SITE}/settings", self.settings, methods=["PUT"]),
            Route(f"{SITE}/suspension", self.suspend, methods=["PUT"]),
            Route(f"{SITE}/suspension", self.resume, methods=["DELETE"]),
            Route(DEPLOYMENT, self.deploy, methods=["PUT"]),
            Route(DEPLOYMENT, self.deployment, methods=["GET"]),
            Route(f"{DEPLOYMENT}/traffic", self.promote, methods=["PUT"]),
            Route(f"{DEPLOYMENT}/cancellation", self.cancel, methods=["PUT"]),
            Route(f"{DEPLOYMENT}/log", self.log, methods=["GET"]),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(WithToken, token=token)],
            exception_handlers={HostingError: _told},
        )

    def _site(self, request: Request) -> Site:
        return self._host.site(request.path_params["tenant_id"], request.path_params["site"])

    async def health(self, request: Request) -> Response:
        """Say that it works, and where the sites are."""
        return JSONResponse({"status": "ok", "sites_url": self._host.options.sites_url, **self._ports})

    async def sites(self, request: Request) -> Response:
        """List all it holds."""
        return JSONResponse(
            {"sites": [telling.whole(self._host, site) for site in self._host.by_name.values()]}
        )

    async def site(self, request: Request) -> Response:
        """Tell of one site."""
        return JSONResponse(telling.whole(self._host, self._site(request)))

    async def deploy(self, request: Request) -> Response:
        """Accept a deployment."""
        named = {
            "tenant_id": request.path_params["tenant_id"],
            "site": request.path_params["site"],
            "key": request.path_params["key"],
        }
        wanted, sent = await read_wanted(aiter(request.stream()), self._host.options.root, named)
        try:
            site, one = await deploy(self._host, wanted, sent)
        finally:
            if sent:
                sent.close()
        return JSONResponse(telling.deployment(self._host, site, one), 202)

    async def deployment(self, request: Request) -> Response:
        """Tell how a deployment stands."""
        site = self._site(request)
        return JSONResponse(telling.deployment(self._host, site, site.deployment(request.path_params["key"])))

    async def promote(self, request: Request) -> Response:
        """Give it a share of the traffic."""
        percent = (await _json(request)).get("percent")
        if type(percent) is not int or not 0 <= percent <= WHOLE:
            raise Refused("`percent` is a number from 0 to 100.")
        await promote(self._host, self._site(request), request.path_params["key"], percent)
        return await self.deployment(request)

    async def cancel(self, request: Request) -> Response:
        """Stop it unless it is live."""
        await cancel(self._site(request), request.path_params["key"])
        return await self.deployment(request)

    async def log(self, request: Request) -> Response:
        """Tell the lines after a cursor."""
        site, cursor = self._site(request), request.query_params.get("cursor", "")
        one = site.deployment(request.path_params["key"])
        lines = site.log(one.id).after(
            int(cursor) if cursor.isdecimal() and len(cursor) < LOG_LINES else 0, LOG_LINES
        )
        told = [[line.at, line.stream, line.text] for line in lines]
        return JSONResponse({"lines": told, "cursor": str(lines[-1].number) if lines else cursor})

    async def variables(self, request: Request) -> Response:
        """Keep the variables of the next deployment."""
        site, values = self._site(request), check_variables(await _json(request))
        async with site.lock:
            keep_variables(self._host, site, values)
        return Response(status_code=204)

    async def domains(self, request: Request) -> Response:
        """Replace the host names."""
        names = (await _json(request)).get("names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise Refused("`names` is a list of host names.")
        return JSONResponse({"domains": await replace_domains(self._host, self._site(request), names)})

    async def settings(self, request: Request) -> Response:
        """Replace the settings."""
        site, values = self._site(request), await _json(request)
        async with site.lock:
            site.change(settings=values)
        return Response(status_code=204)

    async def suspend(self, request: Request) -> Response:
        """Stop serving."""
        await suspend(self._site(request))
        return Response(status_code=204)

    async def resume(self, request: Request) -> Response:
        """Serve again."""
        await resume(self._site(request))
        return Response(status_code=204)

    async def destroy(self, request: Request) -> Response:
        """Remove it; it may be gone already."""
        try:
            await destroy(self._host, self._site(request))
        except Lost:
            return Response(status_code=204)
        return Response(status_code=204)

    async def usage(self, request: Request) -> Response:
        """Tell the batch that waits."""
        return JSONResponse(self._host.usage.batch())

    async def acknowledge(self, request: Request) -> Response:
        """Forget a batch that was written down."""
        known = self._host.usage.acknowledge(request.path_params["batch"])
        return Response(status_code=204 if known else 404)


async def _json(request: Request) -> dict[str, Any]:
    try:
        value = await request.json()
    except ValueError as error:
        raise Refused("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise Refused("The body must be a JSON object.")
    return value


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, HostingError)
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, Busy) else {}
    return JSONResponse({"error": error.code, "message": str(error)}, error.status, headers)
