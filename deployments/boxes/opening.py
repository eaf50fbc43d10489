"""Opens a box, or says why none can be opened: nothing ever runs without walls."""

import asyncio
import contextlib
import py_compile
import secrets
from functools import cache

from deployments.boxes.box import LiveBox
from deployments.boxes.conversation import Conversation
from deployments.boxes.errors import BoxError, BoxUnavailable, Ending
from deployments.boxes.parts import Parts
from deployments.boxes.spec import BoxSpec
from deployments.boxes.starting import Started, means, start
from deployments.boxes.walls import AGENT

OPEN_S = 25.0  # on a machine that is very busy; who asked waits 30 s


async def open_box(spec: BoxSpec) -> LiveBox:
    """Open a box. Raise BoxUnavailable where no wall can be built, or just now; the message says what to do."""
    found = means()
    compile_agent()
    box = secrets.token_hex(8)
    started = start(box, spec, found)
    conversation = Conversation()
    try:
        await _meet(started, conversation)
    except (BoxError, OSError, ValueError, TimeoutError) as error:
        raise BoxUnavailable(await _why(started, conversation, error)) from error
    except BaseException:
        await _why(started, conversation, None)
        raise
    shelf = spec.shelf and found.shelf is not None
    parts = Parts(box, spec, found.python, shelf, started.user, started.shell, conversation)
    live = LiveBox(parts, started.doors)
    conversation.lost = live.lost
    try:
        await live.prepare()
    except BaseException:
        live.end(Ending("closed", "It could not be made ready."))
        await live.close()
        raise
    return live


async def unavailable() -> str | None:
    """Return why boxes cannot be opened here; None when a trial box could."""
    try:
        await (await open_box(BoxSpec())).close()
    except BoxError as error:
        return str(error)
    return None


@cache
def compile_agent() -> None:
    """Once: boxes see the agent's folder read-only and would compile it anew each time, where it is not theirs to write."""
    with contextlib.suppress(OSError):
        for source in sorted(AGENT.glob("*.py")):
            py_compile.compile(str(source), quiet=2)


async def _meet(started: Started, conversation: Conversation) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_connection(lambda: conversation, sock=started.line)
    async with asyncio.timeout(OPEN_S):
        await conversation.ready
    started.meet()


async def _why(started: Started, conversation: Conversation, error: BaseException | None) -> str:
    """Take everything down, and return what bubblewrap or the agent said."""
    conversation.end(Ending("closed"))
    started.give_up()
    await started.shell.bury()
    said = started.shell.said.splitlines()
    return f"bubblewrap could not open a box: {said[-1] if said else error!r}"
