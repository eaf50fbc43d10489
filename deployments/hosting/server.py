"""The hosting server: `python -m deployments.hosting.server --port CONTROL --sites-port SITES --state DIR`.

One process with two sockets: the control side for the product, the sites' side for everybody's browsers.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from deployments.boxes.opening import open_box
from deployments.hosting.connection import SiteConnection
from deployments.hosting.control import Control
from deployments.hosting.deploying import resume_builds
from deployments.hosting.front import Front
from deployments.hosting.host import Host, Options
from deployments.hosting.upkeep import keep_up
from miosa.embedded.state import CannotStart, State
from miosa.embedded.url_file import URL_FILE, password_in

LOCALHOST = "127.0.0.1"
SITES_PORT = 8010
PORTS_TRIED = 50
BACKLOG, CONNECTIONS = 1024, 2048
KEEP_ALIVE_S, GRACE_S = 20, 3


def main() -> None:
    """Read the command line and serve until a signal ends it."""
    options = parser().parse_args()
    os.umask(0o022)  # boxes run as another user, who reads the files of its release
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s"
    )
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    sites = listening(options.sites_port, options.host)
    port = sites.getsockname()[1]
    state = State(Path(options.state))
    try:
        state.create()
        token = password_in(options.url_file) if options.url_file else state.secret("hosting")
    except CannotStart as error:
        sys.exit(str(error))
    chosen = Options(
        root=state.root / "hosting",
        secret=state.secret("hosting-sites"),
        sites_url=options.sites_url or f"http://{LOCALHOST}:{port}",
        idle_s=options.idle,
        warm_s=options.warm,
    )
    host = Host(chosen, open_box)
    asyncio.run(serve(host, token, (options.host, options.port), sites))


async def serve(host: Host, token: str, place: tuple[str, int], sites: socket.socket) -> None:
    """Serve both sides, the control side at `place` (address, port); what runs in boxes ends with this process."""
    host.read()
    resume_builds(host)
    address, port = place
    ports = {"port": port, "sites_port": int(sites.getsockname()[1])}
    control = uvicorn.Server(_config(Control(host, ports).app(token), host=address, port=port))
    front = uvicorn.Server(_config(Front(host), http=SiteConnection, limit_concurrency=CONNECTIONS))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    upkeep = asyncio.create_task(keep_up(host))
    running = [asyncio.create_task(_served(front, [sites])), asyncio.create_task(_served(control, None))]
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([*running, stopping, upkeep], return_when=asyncio.FIRST_COMPLETED)
    control.should_exit = front.should_exit = True
    upkeep.cancel()
    await asyncio.gather(*running)
    host.usage.save()


async def _served(server: uvicorn.Server, sockets: list[socket.socket] | None) -> None:
    """Serve without touching the signals, which end both sides together."""
    with contextlib.suppress(SystemExit):
        await server._serve(sockets)  # noqa: SLF001  (`serve` would take the signals for itself)


def _config(app: object, **more: object) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        interface="asgi3",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="error",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
        **{"http": "httptools", "ws": "none", **more},  # type: ignore[arg-type]
    )


def listening(preferred: int, address: str = LOCALHOST) -> socket.socket:
    """Return a socket on the preferred port, or on the next one that is free."""
    for port in (*range(preferred, preferred + PORTS_TRIED), 0):
        # Only of a socket that says it is TCP's does asyncio send small answers at once (TCP_NODELAY).
        sites = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        sites.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sites.bind((address, port))
            sites.listen(BACKLOG)  # taken from this moment: no other can have it any more
        except OSError:
            sites.close()
            continue
        sites.setblocking(False)
        return sites
    raise SystemExit("No port of this machine is free: end some programs and try again.")


def _is_news(record: logging.LogRecord) -> bool:
    """Half an answer of a tenant's app is its owner's affair, and would fill the host's log."""
    return "without completing response" not in record.getMessage()


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=LOCALHOST, help="address of both sockets")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url-file", type=Path, help=URL_FILE)
    parser.add_argument("--sites-port", type=int, default=SITES_PORT)
    parser.add_argument("--sites-url", default="")
    parser.add_argument("--state", required=True)
    parser.add_argument(
        "--idle", type=float, default=900.0, help="seconds without a request until an app sleeps"
    )
    parser.add_argument(
        "--warm", type=float, default=300.0, help="seconds an app is kept running to go back to"
    )
    return parser


if __name__ == "__main__":
    main()
