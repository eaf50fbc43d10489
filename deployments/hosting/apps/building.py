"""Runs a recipe's build in a box of its own, and takes over what it wrote."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deployments.boxes.contract import BoxSpec, Ended, Output, Process
from deployments.boxes.errors import BoxError
from deployments.boxes.spec import MIB
from deployments.hosting.apps.app import PRELUDE, OpenBox, Say
from deployments.hosting.apps.outcome import take_over
from deployments.hosting.apps.output import follow
from deployments.hosting.apps.plan import APP, HOME
from deployments.hosting.limits import Limits

WORK = f"{HOME}/app"
LEAST_BUILD_MEMORY_MB = 512
ARCHIVE_OVERHEAD = 2  # headers of many small files
SPOOL_BYTES = 16 * MIB
TAR = ("tar", "--create", "--hard-dereference", "--directory", WORK, ".")


class BuildFailed(Exception):  # noqa: N818  (it is what is told)
    """The build did not succeed; its output says more."""


@dataclass(frozen=True, slots=True)
class Order:
    """A build: of which files, by which command, into which folder."""

    files: Path
    command: str
    into: Path
    variables: Mapping[str, str]
    limits: Limits
    keep_links: bool


async def build(order: Order, *, say: Say, open_box: OpenBox) -> float:
    """Build; return the seconds it took. Raises BuildFailed."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(order.limits.build_s):
            await _build(order, say, open_box)
    except TimeoutError as error:
        raise BuildFailed(
            f"The build took longer than {order.limits.build_s:.0f} s and was stopped."
        ) from error
    except BoxError as error:
        raise BuildFailed(str(error)) from error
    return time.monotonic() - begun


async def _build(order: Order, say: Say, open_box: OpenBox) -> None:
    async with await open_box(_box(order)) as box:
        say(f"$ {order.command}", "build")
        script = f"{PRELUDE}mkdir -p {WORK} && cp -R {APP}/. {WORK}/ && cd {WORK} && {{ {order.command}\n}}"
        process = await box.start(
            ["/bin/sh", "-c", script], environment={"HOME": HOME}, stdin=False, tag="build"
        )
        ended = await follow(process, lambda _, text: say(text, "build"))
        if ended is None or ended.exit_code:
            raise BuildFailed(
                f"The build ended with {_how(ended, box.ending.detail if box.ending else None)}; its log says more."
            )
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            archive = await box.start(TAR, stdin=False, tag="outcome")
            await _fetch(archive, spool, order.limits.disk_bytes * ARCHIVE_OVERHEAD)
            await _take_over(spool, order)


def _box(order: Order) -> BoxSpec:
    limits = order.limits
    return BoxSpec(
        memory_bytes=(max(limits.memory_mb, LEAST_BUILD_MEMORY_MB) * MIB) + limits.disk_bytes,
        processors=limits.processors,
        processes=limits.processes,
        disk_bytes=limits.disk_bytes,
        output_bytes=limits.disk_bytes * ARCHIVE_OVERHEAD + 64 * MIB,
        environment=dict(order.variables),
        hosts=limits.hosts,
        read_only={order.files: APP},
        home=HOME,
        lifetime_s=limits.build_s + 60,
    )


async def _fetch(process: Process, spool: IO[bytes], most_bytes: int) -> None:
    ended: Ended | None = None
    async for event in process.listen():
        if not isinstance(event, Output):
            ended = event
        elif event.stream == "stdout":
            spool.write(event.data)
            if spool.tell() > most_bytes:
                raise BuildFailed("The build wrote more than the site's disk takes.")
    if ended is None or ended.exit_code:
        raise BuildFailed(f"What the build wrote could not be read: {_how(ended, None)}.")


async def _take_over(spool: IO[bytes], order: Order) -> None:
    spool.seek(0)
    draft = order.into.with_name(f".{order.into.name}.part")
    try:
        await asyncio.to_thread(
            take_over, spool, draft, most_bytes=order.limits.disk_bytes, keep_links=order.keep_links
        )
        shutil.rmtree(order.into, ignore_errors=True)
        draft.rename(order.into)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _how(ended: Ended | None, detail: str | None) -> str:
    if ended is None:
        return detail or "its box"
    return f"exit code {ended.exit_code}" + (f" ({ended.error} limit)" if ended.error else "")
