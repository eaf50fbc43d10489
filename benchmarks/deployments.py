"""How fast a release comes alive on the host of our own, goes back, and is served.

    python -m benchmarks.deployments [--json] [--repeats 7] [--requests 8000]

A real hosting server in a process and a state folder of its own, driven through the target `local` as the product drives
it. Seconds run from the call to the first 200 at the public address, medians of the repeats:

    static_deploy_s   a static release of twenty files: apply, look at it under its own address, all traffic
    process_deploy_s  a Flask app in a box: the same, with the start of the process
    rollback_s        back to the release before, of the static site and of the app (the slower of the two)
    static_p99_ms     a page of one of 100 tenants' sites, 16 connections at once, from a process of its own;
                      floor_p99_ms is the same traffic at a server that answers fixed bytes

On a busy machine only ratios mean anything.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

# Run as a file, its own folder stands first on the path, and this file's name hides the product's `deployments`.
if Path(sys.path[0] or ".").resolve() == Path(__file__).resolve().parent:
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from deployments.targets.contract import DeployRef, Kind, Phase, Recipe
from deployments.tests.hosting_server import Customer, Server

TENANTS, CONCURRENCY, FILES = 100, 16, 20
LOOK_S, PATIENCE_S = 0.005, 30.0
APP = """
from flask import Flask
app = Flask(__name__)
@app.get("/")
def index():
    return "{text}"
"""
START = "exec python3 -m gunicorn --bind 127.0.0.1:$PORT app:app"
WEB = Recipe(kind=Kind.WEB, runtime="python", start=START, port=8000)


def page(text: str) -> dict[str, str]:
    """A small site that says `text`."""
    files = {f"part{number}.html": f"<!doctype html><p>{'word ' * 400}" for number in range(FILES - 1)}
    return {"index.html": f"<!doctype html><title>{text}</title>", **files}


def until_it_says(url: str, text: str) -> None:
    """Ask until the page holds a text."""
    until = time.monotonic() + PATIENCE_S
    with httpx.Client(trust_env=False) as client:
        while time.monotonic() < until:
            answer = client.get(url)
            if answer.status_code == httpx.codes.OK and text in answer.text:
                return
            time.sleep(LOOK_S)
    raise TimeoutError(f"{url} never said {text}")


def deployed(customer: Customer, key: str, contents: dict[str, str], text: str) -> tuple[float, DeployRef]:
    """Deploy as the product does; return the seconds to the first 200 at the public address."""
    begun = time.perf_counter()
    target = customer.server.target
    ref = target.apply(customer.spec(contents), key=key)
    while (status := target.status(ref)).phase is not Phase.RELEASING:
        if status.phase is Phase.FAILED:
            raise RuntimeError(status.detail)
        time.sleep(LOOK_S)
    until_it_says(status.candidate_url, text)
    target.promote(ref)
    until_it_says(target.status(ref).url, text)
    return time.perf_counter() - begun, ref


def way(customer: Customer, make: Callable[[str], dict[str, str]], repeats: int) -> tuple[float, float]:
    """Return the median seconds of deploying, and of going back from a second release."""
    took, back = [], []
    for number in range(repeats):
        first, second = f"release-{number}-a", f"release-{number}-b"
        seconds, ref = deployed(customer, first, make(first), first)
        took.append(seconds)
        took.append(deployed(customer, second, make(second), second)[0])
        begun = time.perf_counter()
        again = customer.server.target.rollback(ref, customer.spec(make(first)), key=f"{first}-again")
        until_it_says(customer.server.target.status(again).url, first)
        back.append(time.perf_counter() - begun)
    return statistics.median(took), statistics.median(back)


def served(server: Server, requests: int) -> dict[str, float]:
    """Return percentiles in milliseconds of pages of many tenants, and of the floor."""
    urls = []
    for number in range(TENANTS):
        customer = Customer(server, name=f"miosa-t{number}-site", tenant_id=f"tenant-{number}")
        ref = customer.deploy("one", page(f"tenant {number}"))
        urls.append(customer.status(ref).url)
    ours, floor = loaded(urls, requests), loaded([], requests)
    return {
        "static_p50_ms": ours[0],
        "static_p99_ms": ours[1],
        "floor_p99_ms": floor[1],
        "requests_per_s": ours[2],
    }


def loaded(urls: list[str], requests: int) -> list[float]:
    """Return p50, p99 and requests per second as a process of its own measures them."""
    told = json.dumps({"urls": urls, "requests": requests})
    command = [sys.executable, "-m", "benchmarks.deployments", "--load"]
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


async def load(urls: list[str], requests: int) -> list[float]:
    """Ask over CONCURRENCY connections that stay open; without addresses, of a server that answers fixed bytes."""
    floor = None if urls else await asyncio.start_server(_fixed, "127.0.0.1", 0)
    if floor:
        urls = [f"http://127.0.0.1:{floor.sockets[0].getsockname()[1]}/"]
    draw, took = random.Random(7), []
    begun = time.perf_counter()
    each = requests // CONCURRENCY
    await asyncio.gather(*(_client(draw.choices(urls, k=each), took) for _ in range(CONCURRENCY)))
    elapsed = time.perf_counter() - begun
    ranked = sorted(took)
    cuts = [ranked[int(len(ranked) * share)] * 1000 for share in (0.5, 0.99)]
    return [*cuts, len(took) / elapsed]


async def _client(urls: list[str], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection(*_place(urls[0]))
    for url in urls:
        parts = urlsplit(url)
        begun = time.perf_counter()
        writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        took.append(time.perf_counter() - begun)
    writer.close()


async def _fixed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if reader.at_eof():
            return


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


def measured(repeats: int, requests: int) -> dict[str, Any]:
    """Run everything against one server."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "state")
        try:
            static = way(Customer(server, name="miosa-acme-static"), page, repeats)
            app = Customer(server, name="miosa-acme-app", recipe=WEB)
            process = way(app, lambda text: {"app.py": APP.format(text=text)}, max(1, repeats // 2))
            figures = served(server, requests)
        finally:
            server.stop()
    return {
        "static_deploy_s": round(static[0], 4),
        "process_deploy_s": round(process[0], 4),
        "rollback_s": round(max(static[1], process[1]), 4),
        "static_rollback_s": round(static[1], 4),
        "process_rollback_s": round(process[1], 4),
        **{name: round(value, 3) for name, value in figures.items()},
        "tenants": TENANTS,
        "concurrency": CONCURRENCY,
    }


def main() -> None:
    """Print a table, and with --json one object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--load", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--requests", type=int, default=8_000)
    options = parser.parse_args()
    if options.load:
        told = json.loads(sys.stdin.read())
        print(json.dumps(asyncio.run(load(told["urls"], told["requests"]))))
        return
    figures = measured(options.repeats, options.requests)
    for name, value in figures.items():
        print(f"{name:<20} {value}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
