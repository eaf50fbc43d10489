"""Live boxes for tests: run a coroutine, and Python programs inside a box."""

import asyncio
import shutil

import pytest

from deployments.boxes.contract import Output
from deployments.boxes.opening import open_box
from deployments.boxes.spec import BoxSpec

needs_live_boxes = pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")


def in_box(work, **limits):
    """Open a box, await `work(box)`, close it and return what came of the work."""

    async def live():
        async with await open_box(BoxSpec(**limits)) as box, asyncio.timeout(20):
            return await work(box)

    return asyncio.run(live())


async def program(box, *argv, **how):
    """Run a program to its end: what it wrote, and how it ended."""
    process, said = await box.start(list(argv), **{"stdin": False, **how}), b""
    async for event in process.listen():
        if isinstance(event, Output):
            said += event.data
    return said.decode(errors="replace"), process.ended


async def python(box, code, **how):
    """Run Python code to its end."""
    return await program(box, "python3", "-c", code, **how)


async def cell(box, code, **how):
    """All events of a cell."""
    return [event async for event in box.kernels.execute(code, **how)]
