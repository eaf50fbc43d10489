"""An execution looked at again and again, as whoever asks, until it has ended."""

import asyncio
from collections.abc import AsyncGenerator

from miosa.protocols.within import Answer, Caller, Within, part

ENDED = frozenset({"completed", "failed", "cancelled"})
FIRST_LOOK_S, MOST_LOOK_S, SLOWER = (
    0.5,
    2.0,
    1.25,
)  # often at first, then less: each look counts for the caller's rate
TOO_MANY = 429


async def looks(
    within: Within, caller: Caller, execution_id: str, *, most_s: float | None = None
) -> AsyncGenerator[Answer, None]:
    """Yield what REST says of an execution, until it has ended, is not to be had, or the time is over.

    A look beyond the caller's rate is none: the next one comes when REST says. At least one answer is given.
    """
    loop = asyncio.get_running_loop()
    until, pause, seen = None if most_s is None else loop.time() + most_s, FIRST_LOOK_S, False
    while True:
        answer = await within.ask(caller, "GET", f"executions/{part(execution_id)}")
        left = MOST_LOOK_S if until is None else until - loop.time()
        limited = answer.status == TOO_MANY
        if not limited or (left <= 0 and not seen):
            seen = True
            yield answer
        if left <= 0 or not (limited or (answer.ok and answer.told["state"] not in ENDED)):
            return
        wait = max(pause, answer.retry_after_s)
        await asyncio.sleep(wait if until is None else min(wait, left))
        pause = min(MOST_LOOK_S, pause * SLOWER)
