"""A reader who leaves in the middle of a cell: the next cell gets its own answer, not what the old one said last."""

import asyncio
import contextlib

import pytest

from deployments.boxes.cells import CellCount, CellResult
from deployments.tests.live_boxes import cell, in_box, needs_live_boxes

STUBBORN = """
import time
try:
    while True: time.sleep(0.01)
except KeyboardInterrupt:
    for part in range(6):
        print(part, flush=True)
        time.sleep(0.05)
    raise
"""


@needs_live_boxes
def test_a_reader_cancelled_twice():
    """A server may cancel what serves a closed connection again and again; the kernel is busy until it stopped."""

    async def work(box):
        begun = asyncio.Event()

        async def read():
            async for event in box.kernels.execute(STUBBORN):
                if isinstance(event, CellCount):
                    begun.set()

        reader = asyncio.create_task(read())
        await begun.wait()
        while not reader.done():
            reader.cancel()
            await asyncio.sleep(0)
        with contextlib.suppress(asyncio.CancelledError):
            await reader
        return await cell(box, "'free'")

    events = in_box(work)
    assert [type(event) for event in events] == [CellCount, CellResult]
    assert events[1].formats["text"] == "'free'"


@needs_live_boxes
def test_a_reader_who_leaves_before_the_end():
    """Closing the reading stops the cell."""

    async def work(box):
        reading = box.kernels.execute(STUBBORN)
        await anext(reading)
        await reading.aclose()
        return await cell(box, "'free'")

    assert [type(event) for event in in_box(work)] == [CellCount, CellResult]


@needs_live_boxes
@pytest.mark.parametrize("turns", [*range(12)])
def test_a_reader_cancelled_before_the_cell_begins(turns):
    """An interrupt that comes before the kernel hears any is not lost: variables stay, as the kernel does."""

    async def work(box):
        await cell(box, "kept = 1")
        reader = asyncio.create_task(cell(box, "while True: pass"))
        for _ in range(turns):
            await asyncio.sleep(0)
        reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reader
        return await cell(box, "kept")

    events = in_box(work)
    assert [type(event) for event in events] == [CellCount, CellResult]
    assert events[1].formats["text"] == "1"


@needs_live_boxes
def test_interrupts_at_any_moment_end_one_cell_and_spoil_none():
    """Each line a kernel tells is whole, however often it is interrupted in the middle of telling."""

    async def work(box):
        context, ended = await box.kernels.create(), []
        for _ in range(30):
            reading = box.kernels.execute("for part in range(10**9): display('x' * 5000)", context=context.id)
            await anext(reading)
            for _ in range(3):
                await anext(reading)
            await box.kernels.interrupt(context.id)
            ended.append([event async for event in reading][-1])
        return ended

    assert {event.name for event in in_box(work)} == {"KeyboardInterrupt"}
