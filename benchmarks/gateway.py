"""What a call through the gateway costs, beside a bare proxy in Python and beside other gateways, in one run.

    python -m benchmarks.gateway [--json] [--full] [--litellm PROGRAM] [--portkey SCRIPT]

A fast local upstream stands behind every door. `cpu_us` and `stream_cpu_us` are microseconds of the server's processor
for one request and for one stream of 100 chunks, at 16 at once; of ours without the clerk, which is told apart
(`clerk_us`). Latencies are what the door adds to the upstream's own, in milliseconds. --full sends 50,000 requests
more and tells how the memory grew. With --json the last line is one JSON object; ratios alone compare machines.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.doors import targets
from benchmarks.doors.driving import Asking, Driven, drive
from benchmarks.doors.targets import Target
from benchmarks.isolation.database import own_database

AT_ONCE = (1, 16, 64)
REQUESTS, STREAMS, WARM = 4_000, 800, 300
ROUNDS = 3
MANY = 50_000
US = 1_000_000


@contextlib.contextmanager
def doors(folder: Path, options: argparse.Namespace) -> Iterator[list[Target]]:
    """Everything that is compared, started; the upstream itself is the first."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(own_database())
        behind = stack.enter_context(targets.upstream(folder / "upstream.log"))
        found = [behind, stack.enter_context(targets.bare(behind, folder / "bare.log"))]
        environ = os.environ | {
            "GROQ_API_KEY": "gsk_benchmark", "GROQ_BASE_URL": f"http://127.0.0.1:{behind.port}/v1",
            "MIOSA_STATE": str(folder / "state"), "MIOSA_GATEWAY_REQUESTS": "100000/s",
            "MIOSA_GATEWAY_TOKENS": "100000000/min",
        }  # fmt: skip
        ours = stack.enter_context(targets.ours(environ, folder / "miosa.log"))
        ours.key, ours.model = _tenant_with_money(), "auto"
        found.append(ours)
        if options.litellm:
            other = stack.enter_context(targets.litellm(options.litellm, behind, folder))
            other.key, other.model = "sk-benchmark", "chat"
            found.append(other)
        if options.portkey:
            other = stack.enter_context(targets.portkey(options.portkey, folder))
            other.headers = (
                f"x-portkey-provider: openai\r\nx-portkey-custom-host: http://127.0.0.1:{behind.port}/v1\r\n"
            )
            other.streams = False
            found.append(other)
        yield found


def _tenant_with_money() -> str:
    from django_tenants.utils import tenant_context

    from billing import subscriptions
    from billing.books.granting import Given
    from billing.models import Grant
    from miosa.testing.front_door import key_of
    from tenants.provisioning import open_tenant

    tenant = open_tenant("benchmark", name="Benchmark", owner_email="owner@benchmark.example").tenant
    with tenant_context(tenant):
        subscriptions.give(Given(Grant.Kind.PREPAID, 10_000_000_000, "benchmark", "benchmark", "benchmark"))
    return key_of(tenant)


def asking(target: Target, *, stream: bool) -> Asking:
    """The same question for every door."""
    body: dict[str, Any] = {
        "model": target.model,
        "messages": [{"role": "user", "content": "Tell me something about gateways. " * 8}],
        "max_tokens": 200,
    }
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Asking(target.port, json.dumps(body).encode(), target.key, headers=target.headers)


def run(target: Target, requests: int, at_once: int, *, stream: bool = False) -> Driven:
    """Send requests; every one has to be answered."""
    driven = asyncio.run(drive(asking(target, stream=stream), requests=requests, at_once=at_once))
    if driven.failed:
        raise RuntimeError(f"{target.name} refused {driven.failed} of {requests}: {driven.failure!r}")
    return driven


def cpu_us(target: Target, requests: int, *, stream: bool) -> tuple[float, float]:
    """Microseconds of processor for one request: of those who answer, and of the clerk."""
    before = targets.settled_cpu_s(target)
    run(target, requests, 16, stream=stream)
    after = targets.settled_cpu_s(target)
    spent = {pid: after.get(pid, 0.0) - before.get(pid, 0.0) for pid in after}
    clerk = sum(seconds for pid, seconds in spent.items() if targets.is_clerk(pid))
    return (sum(spent.values()) - clerk) / requests * US, clerk / requests * US


def measure(found: list[Target], *, full: bool) -> dict[str, Any]:
    """All doors, in turns."""
    for target in found:
        run(target, WARM, 16)
        if target.streams:
            run(target, WARM // 10, 16, stream=True)
    result: dict[str, Any] = {target.name: {} for target in found}
    proxies = found[1:]
    rounds: dict[str, list[tuple[float, float, float]]] = {target.name: [] for target in proxies}
    for _ in range(ROUNDS):
        for target in proxies:
            few = 10 if target.name in {"litellm", "portkey"} else 1
            whole, clerk = cpu_us(target, REQUESTS // few, stream=False)
            streamed = cpu_us(target, STREAMS // few, stream=True)[0] if target.streams else 0.0
            rounds[target.name].append((whole, streamed, clerk))
    for name, times in rounds.items():
        whole, streamed, clerk = (statistics.median(column) for column in zip(*times, strict=True))
        result[name] |= {
            "cpu_us": round(whole, 1),
            "stream_cpu_us": round(streamed, 1),
            "clerk_us": round(clerk, 1),
        }
    for at_once in AT_ONCE:
        _latencies(found, at_once, result)
    if full:
        result["miosa"] |= _memory(next(one for one in found if one.name == "miosa"))
    return result | {"ratios": _ratios(result)}


def _latencies(found: list[Target], at_once: int, result: dict[str, Any]) -> None:
    floor: list[float] | None = None
    for target in found:
        whole = sorted(run(target, 60 * at_once if at_once > 1 else 300, at_once).whole)
        told = [whole[len(whole) // 2], whole[int(len(whole) * 0.99)]]
        if target.streams:
            first = run(target, 20 * at_once if at_once > 1 else 60, at_once, stream=True).first
            told.append(statistics.median(first))
        floor = floor or told
        names = (f"p50_ms_{at_once}", f"p99_ms_{at_once}", f"ttft_ms_{at_once}")
        added = (
            told if target is found[0] else [mine - least for mine, least in zip(told, floor, strict=False)]
        )
        result[target.name] |= {
            name: round(1000 * value, 3) for name, value in zip(names, added, strict=False)
        }
        if at_once == 16:  # noqa: PLR2004  the one that is compared
            result[target.name] |= {
                name.rpartition("_")[0]: round(1000 * value, 3)
                for name, value in zip(names, added, strict=False)
            }


def _memory(target: Target) -> dict[str, Any]:
    run(target, MANY // 10, 16)
    before = target.memory_bytes()
    run(target, MANY, 16)
    after = target.memory_bytes()
    return {"memory_mb": round(after / 1e6, 1), "memory_growth_percent": round(100 * (after / before - 1), 2)}


def _ratios(result: dict[str, Any]) -> dict[str, float]:
    mine = result["miosa"]
    ratios = {
        "to_bare": mine["cpu_us"] / result["bare"]["cpu_us"],
        "stream_to_bare": mine["stream_cpu_us"] / result["bare"]["stream_cpu_us"],
    }
    for name in ("litellm", "portkey"):
        if name in result:
            ratios[f"less_than_{name}"] = result[name]["cpu_us"] / mine["cpu_us"]
            if result[name]["stream_cpu_us"]:
                ratios[f"stream_less_than_{name}"] = result[name]["stream_cpu_us"] / mine["stream_cpu_us"]
    return {name: round(value, 2) for name, value in ratios.items()}


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--full", action="store_true", help="50,000 requests more, for the memory")
    parser.add_argument(
        "--litellm", type=Path, help="the program `litellm` of an environment with litellm[proxy]"
    )
    parser.add_argument(
        "--portkey", type=Path, help="the script build/start-server.js of @portkey-ai/gateway"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="miosa-doors-") as folder, doors(Path(folder), options) as found:
        result = measure(found, full=options.full)
    if options.json:
        print(json.dumps(result))
        return
    for name, values in result.items():
        print(name)
        for key, value in values.items():
            print(f"    {key:24} {value:>12,}")


if __name__ == "__main__":
    main()
