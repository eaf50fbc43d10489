"""The doors that are compared, each started as its users would, each with one process that answers."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from miosa.embedded.processes import harmless, until
from miosa.embedded.server import free_port
from miosa.environment import ROOT

TICKS = os.sysconf("SC_CLK_TCK")
START_S = 120


@dataclass
class Target:
    """A door that listens. `clerk` is the process beside it that posts what was used, 0 where there is none."""

    name: str
    port: int
    pid: int = 0
    key: str = "none"
    model: str = "openai/gpt-oss-20b"
    headers: str = ""
    streams: bool = True  # False: it does not pass the upstream's streams on

    def processes(self) -> list[int]:
        """Every process of the door."""
        return _tree(self.pid) if self.pid else []

    def cpu_s(self) -> dict[int, float]:
        """The processor time of each process so far."""
        return {pid: _cpu_s(pid) for pid in self.processes()}

    def memory_bytes(self) -> int:
        """The resident memory of the processes that answer."""
        return sum(_rss(pid) for pid in self.processes() if not is_clerk(pid))


@contextlib.contextmanager
def started(
    name: str, command: list[str], port: int, environ: Mapping[str, str], log: Path
) -> Iterator[Target]:
    """Run a door until the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=dict(environ), stdout=output, stderr=output)
        try:
            ready = until(lambda: _listens(port) or process.poll() is not None, timeout_s=START_S)
            if not ready or process.poll() is not None:
                raise RuntimeError(f"{name} did not start:\n{log.read_text()[-2000:]}")
            yield Target(name, port, process.pid)
        finally:
            process.terminate()
            process.wait(30)


def upstream(log: Path) -> "contextlib.AbstractContextManager[Target]":
    """The provider behind all doors."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.doors.upstream", str(port)]
    return started("direct", command, port, os.environ, log)


def granian(application: str, port: int) -> list[str]:
    """The command that serves an ASGI application as the product does."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port),
        "--no-ws", "--workers-kill-timeout", "5", application,
    ]  # fmt: skip


def bare(behind: Target, log: Path) -> "contextlib.AbstractContextManager[Target]":
    """The bare proxy."""
    port = free_port()
    environ = os.environ | {"UPSTREAM": f"http://127.0.0.1:{behind.port}/v1"}
    return started("bare", granian("benchmarks.doors.bare:app", port), port, environ, log)


def ours(environ: Mapping[str, str], log: Path) -> "contextlib.AbstractContextManager[Target]":
    """The product's own web server."""
    port = free_port()
    return started("miosa", granian("miosa.asgi:application", port), port, environ, log)


def litellm(program: Path, behind: Target, folder: Path) -> "contextlib.AbstractContextManager[Target]":
    """LiteLLM's proxy, from an environment of its own, with a key that it checks and no database."""
    port = free_port()
    config = folder / "litellm.yaml"
    config.write_text(
        "model_list:\n  - model_name: chat\n    litellm_params:\n      model: openai/gpt-oss-20b\n"
        f"      api_base: http://127.0.0.1:{behind.port}/v1\n      api_key: none\n"
        "litellm_settings:\n  telemetry: false\ngeneral_settings:\n  master_key: sk-benchmark\n"
    )
    environ = harmless(os.environ) | {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    command = [
        str(program),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--num_workers",
        "1",
    ]
    return started("litellm", command, port, environ, folder / "litellm.log")


def portkey(script: Path, folder: Path) -> "contextlib.AbstractContextManager[Target]":
    """Portkey's gateway in Node."""
    port = free_port()
    return started(
        "portkey",
        ["node", str(script), f"--port={port}", "--headless"],
        port,
        harmless(os.environ),
        folder / "portkey.log",
    )


def is_clerk(pid: int) -> bool:
    """Whether a process is the one that posts what was used."""
    return b"clerk" in _read(pid, "cmdline")


def settled_cpu_s(target: Target, *, quiet_s: float = 1.0) -> dict[int, float]:
    """The processor time when the target has come to rest."""
    before = target.cpu_s()
    while True:
        time.sleep(quiet_s)
        now = target.cpu_s()
        if sum(now.values()) - sum(before.values()) < 0.1 * quiet_s:
            return now
        before = now


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _tree(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        children = _read(process, f"task/{process}/children").split()
        found += [int(child) for child in children]
    return found


def _cpu_s(pid: int) -> float:
    numbers = _read(pid, "stat").rpartition(b")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / TICKS if numbers else 0.0


def _rss(pid: int) -> int:
    pages = _read(pid, "statm").split()
    return int(pages[1]) * os.sysconf("SC_PAGE_SIZE") if pages else 0


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
