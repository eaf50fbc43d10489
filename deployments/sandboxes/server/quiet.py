"""A stream with signs of life: an item, or None after every so many seconds without one, until a deadline."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

Item = TypeVar("Item")


class DeadlineOver(Exception):  # noqa: N818  (it is what happened)
    """The time the caller gave is over."""


async def with_signs(
    stream: AsyncIterator[Item], *, every_s: float, deadline_s: float | None
) -> AsyncIterator[Item | None]:
    """Yield the items of a stream, None in a pause. Raise DeadlineOver; the stream itself is closed at the end."""
    loop = asyncio.get_running_loop()
    until = None if deadline_s is None else loop.time() + deadline_s
    pending: asyncio.Future[Item] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(stream))
            left_s = every_s if until is None else min(every_s, until - loop.time())
            done, _ = await asyncio.wait({pending}, timeout=max(0.0, left_s))
            if done:
                item, pending = pending, None
                try:
                    yield item.result()
                except StopAsyncIteration:
                    return
            elif until is not None and loop.time() >= until:
                raise DeadlineOver
            else:
                yield None
    finally:
        if pending:
            pending.cancel()
            await asyncio.gather(pending, return_exceptions=True)
        if close := getattr(stream, "aclose", None):
            await close()
