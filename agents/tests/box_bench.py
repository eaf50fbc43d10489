"""The plain workbench with real boxes: what agents build is tried where the product tries it."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from agents.contract import CodeRunUnavailable, ProgramRun
from agents.tests.bench import Bench
from deployments.boxes.contract import BoxSpec, Ended, Output
from deployments.boxes.errors import BoxUnavailable
from deployments.boxes.opening import open_box

NODE_SETS_ASIDE = 1 << 30


class BoxBench(Bench):
    """A Workbench whose programs run in a box of their own; no model answers."""

    def run_program(
        self, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float = 60
    ) -> ProgramRun:
        self.programs.append(dict(files))
        try:
            return asyncio.run(_run(files, " && ".join(commands), timeout_s))
        except BoxUnavailable as error:
            raise CodeRunUnavailable(str(error)) from error


async def _run(files: Mapping[str, str], command: str, timeout_s: float) -> ProgramRun:
    started, said, ended = time.perf_counter(), b"", None
    async with await open_box(BoxSpec(lifetime_s=timeout_s + 30, data_bytes=NODE_SETS_ASIDE)) as box:
        for path, text in files.items():
            await box.files.write(path, text.encode())
        process = await box.start(["/bin/sh", "-c", command], stdin=False)
        try:
            async with asyncio.timeout(timeout_s):
                async for event in process.listen():
                    if isinstance(event, Output):
                        said += event.data
                    else:
                        ended = event
        except TimeoutError:
            ended = None
    code = ended.exit_code if isinstance(ended, Ended) else 137
    took_ms = int((time.perf_counter() - started) * 1000)
    return ProgramRun(code, said.decode(errors="replace"), ended is None, took_ms)
