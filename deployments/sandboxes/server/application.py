"""The server's routes put together: the control plane for API keys, and the data plane, each box behind its token."""

from typing import Any

from e2b.envd.filesystem.filesystem_connect import FilesystemASGIApplication
from e2b.envd.process.process_connect import ProcessASGIApplication
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from deployments.sandboxes.server import files, interpreter, measures
from deployments.sandboxes.server.control import ControlPlane
from deployments.sandboxes.server.entrance import SANDBOX_ID, Entrance, room_of
from deployments.sandboxes.server.filesystem import Filesystem
from deployments.sandboxes.server.processes import Processes
from deployments.sandboxes.server.refusals import Refusal, failed, gone, refused
from deployments.sandboxes.server.rooms import Rooms
from deployments.sandboxes.server.signed import Signed


def application(rooms: Rooms, secret: str) -> ASGIApp:
    """Return the whole server as one ASGI application."""
    handlers: Any = {Refusal: refused, Exception: failed}
    control = ControlPlane(rooms, secret).routes()
    return Starlette(routes=[*control, *_data_plane(rooms)], exception_handlers=handlers)


def _data_plane(rooms: Rooms) -> list[BaseRoute]:
    """Return the routes of a box as envd and the code interpreter have them."""
    process: Any = ProcessASGIApplication(Processes(rooms))
    filesystem: Any = FilesystemASGIApplication(Filesystem(rooms))
    token = [Middleware(Entrance, rooms)]
    either = [Middleware(Entrance, rooms, traffic=True)]
    signed = [Middleware(Signed, rooms)]
    return [
        Mount(process.path, process, middleware=token),
        Mount(filesystem.path, filesystem, middleware=token),
        Route("/files", files.read, methods=["GET"], middleware=signed),
        Route("/files", files.write, methods=["POST"], middleware=signed),
        Route("/metrics", _measures, methods=["GET"], middleware=token),
        Route("/execute", interpreter.execute, methods=["POST"], middleware=either),
        Route("/contexts", interpreter.contexts, methods=["GET", "POST"], middleware=either),
        Route("/contexts/{context_id}", interpreter.remove, methods=["DELETE"], middleware=either),
        Route("/contexts/{context_id}/restart", interpreter.restart, methods=["POST"], middleware=either),
        Route("/health", _health(rooms)),
    ]


def _health(rooms: Rooms) -> Any:
    """Answer for the server itself, or for the box that a header names."""

    async def health(request: Request) -> Response:
        sandbox_id = request.headers.get(SANDBOX_ID)
        if sandbox_id is None:
            return JSONResponse({"status": "ok"})
        if rooms.find(sandbox_id) is None:
            raise gone(sandbox_id[:64])
        return Response(status_code=204)

    return health


async def _measures(request: Request) -> Response:
    samples = await measures.taken(room_of(request.scope))
    return JSONResponse(samples[-1])
