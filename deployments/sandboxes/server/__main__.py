"""Start the sandbox server: `python -m deployments.sandboxes.server --port N --state DIR`."""

import argparse
import asyncio
import logging
import sys
from pathlib import Path
from socket import socket

import uvicorn

from deployments.boxes.opening import open_box
from deployments.sandboxes.permit import SECRET
from deployments.sandboxes.server.application import application
from deployments.sandboxes.server.rooms import MOST_BOXES, Rooms
from miosa.embedded.server import LOCALHOST
from miosa.embedded.state import CannotStart, State
from miosa.embedded.url_file import URL_FILE, password_in

CLOSE_S = 1  # for answers that are on their way when the server is asked to end
KEEP_ALIVE_S = 600  # longer than the SDK keeps a connection, so that it never meets a closed one
MOST_CONNECTIONS = 2048


class SandboxServer(uvicorn.Server):
    """Ends its boxes first when it is asked to end: what waits for them is then answered, and nothing is left."""

    def __init__(self, config: uvicorn.Config, rooms: Rooms) -> None:
        super().__init__(config)
        self._rooms = rooms

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Close the boxes, then the connections."""
        await self._rooms.close_all()
        await super().shutdown(sockets)


def serve(place: tuple[str, int], secret: str, *, most: int) -> None:
    """Answer at `place` (address, port) until a signal ends the process."""
    host, port = place
    rooms = Rooms(open_box, most=most)
    config = uvicorn.Config(
        application(rooms, secret),
        host=host,
        port=port,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=CLOSE_S,
        limit_concurrency=MOST_CONNECTIONS,
    )
    asyncio.run(SandboxServer(config, rooms).serve())


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=LOCALHOST)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url-file", type=Path, help=URL_FILE)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--most", type=int, default=MOST_BOXES, help="boxes at once, of all tenants together")
    return parser


def main() -> None:
    """Read the command line and serve."""
    options = parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        state = State(options.state).create()
        secret = password_in(options.url_file) if options.url_file else state.secret(SECRET)
        serve((options.host, options.port), secret, most=options.most)
    except CannotStart as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
