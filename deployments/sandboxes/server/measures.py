"""What a box uses, in the wire's metrics: one sample for each time somebody asks, the earlier ones kept for a while."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from deployments.boxes.errors import BoxError
from deployments.sandboxes.server.box_errors import refusal
from deployments.sandboxes.server.refusals import Refusal
from deployments.sandboxes.server.representation import cores, moment
from deployments.sandboxes.server.rooms import Room

KEPT = 240
SAMPLES, LAST_CPU = "samples", "last_cpu"


async def taken(room: Room) -> Sequence[dict[str, Any]]:
    """Take a sample and return it behind the earlier ones. Raise Refusal where the box is gone."""
    try:
        usage = await room.box.usage()
    except BoxError as error:
        raise refusal(error, room.sandbox_id) from error
    now = time.time()
    samples: deque[dict[str, Any]] = room.extras.setdefault(SAMPLES, deque(maxlen=KEPT))
    then, cpu_s = room.extras.get(LAST_CPU, (room.started_at.timestamp(), 0.0))
    room.extras[LAST_CPU] = (now, usage.cpu_s)
    samples.append(
        {
            "timestamp": moment(datetime.fromtimestamp(now, UTC)),
            "timestampUnix": int(now),
            "cpuCount": cores(room),
            "cpuUsedPct": round(100 * (usage.cpu_s - cpu_s) / max(now - then, 0.001), 2),
            "memUsed": usage.memory_bytes,
            "memTotal": room.permit.memory_bytes,
            "memCache": 0,
            "diskUsed": usage.disk_bytes,
            "diskTotal": usage.disk_total_bytes,
        }
    )
    return tuple(samples)


def between(samples: Sequence[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the samples from `start` to `end`, seconds since the epoch. Raise Refusal."""
    start, end = _second(query.get("start", "0")), _second(query.get("end", str(2**40)))
    return [sample for sample in samples if start <= sample["timestampUnix"] <= end]


def _second(text: str) -> int:
    if not text.isdecimal():
        raise Refusal(400, "`start` and `end` are seconds since 1970.")
    return int(text)
