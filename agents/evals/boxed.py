"""Run a command over files in a box, as the product's sandbox does, without its server and its records."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.contract import CodeRunUnavailable
from deployments.boxes.contract import BoxSpec, Ended, Output
from deployments.boxes.errors import BoxUnavailable
from deployments.boxes.opening import open_box

KILLED = 137
_MORE_S = 30.0  # a box lives a little longer than what runs in it


@dataclass(frozen=True)
class Ran:
    """How a command ended; what it said, by stream."""

    exit_code: int
    stdout: str
    stderr: str
    timed_out: bool
    duration_ms: int


def run_boxed(files: Mapping[str, str], command: Sequence[str], *, timeout_s: float) -> Ran:
    """Run it; raises CodeRunUnavailable where this machine has no boxes."""
    try:
        return asyncio.run(_run(files, list(command), timeout_s))
    except BoxUnavailable as error:
        raise CodeRunUnavailable(str(error)) from error


def boxes_here() -> bool:
    """Tell whether code can be run on this machine at all."""
    try:
        run_boxed({}, ["true"], timeout_s=10)
    except CodeRunUnavailable:
        return False
    return True


async def _run(files: Mapping[str, str], command: list[str], timeout_s: float) -> Ran:
    started, ended = time.perf_counter(), None
    said = {"stdout": b"", "stderr": b""}
    async with await open_box(BoxSpec(lifetime_s=timeout_s + _MORE_S)) as box:
        for path, text in files.items():
            await box.files.write(path, text.encode())
        process = await box.start(command, stdin=False)
        try:
            async with asyncio.timeout(timeout_s):
                async for event in process.listen():
                    if isinstance(event, Output):
                        said[event.stream] += event.data
                    else:
                        ended = event
        except TimeoutError:
            ended = None
    code = ended.exit_code if isinstance(ended, Ended) else KILLED
    out, err = (said[name].decode(errors="replace") for name in ("stdout", "stderr"))
    return Ran(code, out, err, ended is None, int((time.perf_counter() - started) * 1000))
