"""`/v1/*` as a raw ASGI application: every request ends here, in an answer or in an error of OpenAI's shape."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path
from weakref import WeakKeyDictionary

from django.conf import settings

from miosa.http.client_address import HEADER as FORWARDED_FOR
from miosa.http.client_address import believed
from miosa.http.problem import Problem
from routing.circuit import OWN
from routing.front_door import clerk_process, metrics, tracing
from routing.front_door.chat import chat, responses
from routing.front_door.desk import Desk
from routing.front_door.embedding import embeddings
from routing.front_door.exchange import Exchange, Receive, Scope, Send, SenderLeft
from routing.front_door.listing import models, one_model
from routing.front_door.refusals import Refusal

logger = logging.getLogger(__name__)

PREFIXES = ("/v1/", "/openai/v1/", "/metrics")  # Groq's own client asks below /openai
FOLDER = "usage"
Handler = Callable[[Desk, Exchange, str], Awaitable[None]]
FORWARDED = FORWARDED_FOR.lower().encode()

ROUTES: Mapping[tuple[str, str], Handler] = {
    ("POST", "/v1/chat/completions"): chat,
    ("POST", "/v1/responses"): responses,
    ("POST", "/v1/embeddings"): embeddings,
    ("GET", "/v1/models"): models,
}
LOOPBACK = frozenset({"127.0.0.1", "::1"})
METRICS = ("GET", "/metrics")
HTTP_OK = 200
CLERK_LOOK_S = 2.0
PATHS = frozenset(path for _, path in ROUTES)
ONE_MODEL = "/v1/models/"

_watching: "list[asyncio.Task[None]]" = []
_desks: "WeakKeyDictionary[asyncio.AbstractEventLoop, Desk]" = WeakKeyDictionary()


def desk() -> Desk:
    """Return the desk of the running loop."""
    loop = asyncio.get_running_loop()
    found = _desks.get(loop)
    if found is None:
        found = _desks[loop] = Desk(settings.ENVIRONMENT.state_dir / FOLDER)
        found.begin()
    return found


def breakers() -> dict[tuple[str, str], str]:
    """Return the state of every model's breaker, of all loops of this process; those of tenants' own keys are theirs."""
    return {
        where: state
        for one in list(_desks.values())
        for where, state in one.pace.circuit.states().items()
        if not where[0].startswith(OWN)
    }


async def metrics_page(_desk: Desk, exchange: Exchange, address: str) -> None:
    """Answer `GET /metrics`: to whoever has the token, without one to this machine alone. Raises Refusal."""
    token = settings.ENVIRONMENT.metrics_token
    given = exchange.headers.get(b"authorization", b"").removeprefix(b"Bearer ")
    allowed = compare_digest(given, token.encode()) if token else address in LOOPBACK
    if not allowed:
        raise Refusal("There is no /metrics for you.", status=404, code="unknown_url")
    await exchange.answer(200, metrics.written(breakers()), media_type=metrics.MEDIA_TYPE)


def begin() -> None:
    """The server starts: the clerk begins to read what its calls write."""
    desk()
    tracing.begin(settings.ENVIRONMENT.otlp_url)
    _watching.append(asyncio.ensure_future(_watch(settings.ENVIRONMENT.state_dir / FOLDER)))


async def end() -> None:
    """The server stops: what is held is given back, and the clerk reads to the end."""
    while _watching:
        _watching.pop().cancel()
    await desk_ends()
    await asyncio.to_thread(tracing.end)
    await asyncio.to_thread(clerk_process.end)


async def _watch(folder: Path) -> None:
    """Start the clerk, and again where it has ended: from this thread, which lives as long as the server."""
    while True:
        clerk_process.begin(folder)
        await asyncio.sleep(CLERK_LOOK_S)


async def desk_ends() -> None:
    """Give back what the running loop holds."""
    found = _desks.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.end()


async def front_door(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    exchange = Exchange(scope, receive, send)
    try:
        await _handler(scope)(desk(), exchange, _address(exchange))
        metrics.answered(_told(scope["path"]), HTTP_OK)
    except SenderLeft:
        return
    except Problem as problem:
        await _refuse(exchange, Refusal.of(problem))
    except Refusal as refusal:
        await _refuse(exchange, refusal)
    except Exception:
        logger.exception("A request to %s failed", scope["path"])
        await _refuse(exchange, Refusal("Something went wrong here; it is in the log.", status=500))


async def _refuse(exchange: Exchange, refusal: Refusal) -> None:
    metrics.answered(_told(exchange.scope["path"]), refusal.status)
    if exchange.finished:
        return
    if exchange.started:
        await exchange.say(b"data: " + refusal.body() + b"\n\n", more=False)
    else:
        await exchange.refuse(refusal)


def _handler(scope: Scope) -> Handler:
    method, path = scope["method"], scope["path"].removeprefix("/openai")
    found = ROUTES.get((method, path))
    if found is not None:
        return found
    if (method, path) == METRICS:
        return metrics_page
    if path.startswith(ONE_MODEL) and method == "GET":
        return one_model
    if path in PATHS:
        raise Refusal(f"{method} is not allowed here.", status=405)
    raise Refusal(
        f"There is no {path}: the wire here is {', '.join(sorted(PATHS))}.", status=404, code="unknown_url"
    )


def _told(path: str) -> str:
    """Return what metrics call a path: one that somebody made up is one of many."""
    known = path.removeprefix("/openai")
    return known if known in PATHS else "other"


def _address(exchange: Exchange) -> str:
    peer = (exchange.scope.get("client") or ("",))[0]
    forwarded = exchange.headers.get(FORWARDED)
    return _direct(peer) if forwarded is None else believed(peer, forwarded.decode("latin-1"))


@lru_cache(1_024)
def _direct(peer: str) -> str:
    return believed(peer, "")
