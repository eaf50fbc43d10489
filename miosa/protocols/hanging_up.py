"""What somebody asked for is given up when they hang up: nobody waits for an execution on behalf of nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

GONE = {"type": "http.disconnect"}


def while_heard(application: Callable[..., Awaitable[None]]) -> Callable[[Any, Any, Any], Awaitable[None]]:
    """Return the application, stopped when the caller of a request hangs up; it is given the whole body in one message."""

    async def served(scope: dict[str, Any], receive: Any, send: Any) -> None:
        waiting = [await receive()]
        gone = asyncio.ensure_future(_gone(receive))

        async def handing_on() -> dict[str, Any]:
            return waiting.pop() if waiting else await asyncio.shield(gone)

        work = asyncio.ensure_future(application(scope, handing_on, send))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            work.cancel()  # nothing to who is done
        with suppress(asyncio.CancelledError):
            await work

    return served


async def _gone(receive: Any) -> dict[str, Any]:
    while (await receive())["type"] != GONE["type"]:
        pass
    return GONE
