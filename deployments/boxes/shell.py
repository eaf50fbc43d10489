"""The outside of one box: bubblewrap's process, the agent's number on this host, the meter, the user id it took."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from dataclasses import dataclass, field

from deployments.boxes.meters import Meter, kill, private_bytes

MOST_SAID = 4096
GONE_S = 5.0


@dataclass(slots=True)
class Shell:
    """Everything that must be gone when the box is."""

    wrap: subprocess.Popen[bytes]
    meter: Meter
    claim: socket.socket | None = None  # keeps the user id ours
    agent: int | None = None  # a pidfd
    said: str = field(default="")

    def kill(self) -> None:
        """Kill the agent, and with it, as it is process 1 inside, all that is there."""
        if self.agent is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self.agent, signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore]
        if self.wrap.poll() is None:
            self.wrap.kill()

    async def bury(self) -> None:
        """Wait until nothing is left, and give everything back."""
        if self.agent is not None:
            await readable(self.agent, GONE_S)
            os.close(self.agent)
            self.agent = None
        await exited(self.wrap)
        if self.wrap.stderr:
            os.set_blocking(self.wrap.stderr.fileno(), False)
            self.said = (self.wrap.stderr.read(MOST_SAID) or b"").decode(errors="replace").strip()
            self.wrap.stderr.close()
        await self.meter.close()
        if self.claim:
            self.claim.close()

    def stop_largest_above(self, memory_bytes: int) -> int:
        """Stop the largest process if all together use more than this; how many were stopped."""
        if self.meter.memory_bytes() <= memory_bytes:
            return 0
        members = [pid for pid in self.meter.members() if pid != self.wrap.pid]
        if not members:
            return 0
        kill([max(members, key=private_bytes)])
        return 1


async def exited(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process of ours to end."""
    if process.poll() is None:
        handle = os.pidfd_open(process.pid)
        try:
            await readable(handle, GONE_S)
        finally:
            os.close(handle)
        process.wait()


async def readable(descriptor: int, timeout_s: float) -> bool:
    """Wait until there is something to read, or the process of a pidfd has ended."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, wake)
    try:
        async with asyncio.timeout(timeout_s):
            await ready
        return True
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
