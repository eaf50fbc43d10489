"""What it costs to decide whether a request is let in, against the bare round trip to Valkey that it cannot be below.

    python -m benchmarks.rate_limit [--json]

The kinds are timed in turns within one run and told as medians: on a busy machine only their ratios mean anything.
With --json the last line is one JSON object.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from miosa.embedded import services
from miosa.environment import export, read
from miosa.limits_environment import Rate

export(services.ensure(read(), need={"broker"}))

# isort: split
# The entry makes the apps ready, and only then can they be imported.
import miosa.wsgi  # noqa: E402, F401

# isort: split
from tenants.cache_keys import prefix  # noqa: E402
from tenants.throttling import in_valkey  # noqa: E402
from tenants.throttling.bucket import MICROS, Bucket  # noqa: E402
from tenants.throttling.in_process import ProcessBuckets  # noqa: E402

ROUNDS = 41
LOOPS = 200
AT_ONCE = 16
WIDE = Rate(100_000, 1, 100_000)
NARROW = Rate(1, 3600, 1)
CROWD, BURST = 2_000, 500


def buckets(number: int, rate: Rate) -> list[Bucket]:
    """So many fresh buckets of one tenant."""
    home = prefix(uuid4())
    return [Bucket("tenant", f"{home}rate:{place}", rate) for place in range(number)]


def us_each(call: Callable[[], object]) -> float:
    """Microseconds of one call, over LOOPS of them."""
    began = time.perf_counter()
    for _ in range(LOOPS):
        call()
    return (time.perf_counter() - began) / LOOPS * MICROS


def measure() -> dict[str, Any]:
    """Everything, in one run."""
    client = in_valkey.script().registered_client
    own, one, three = ProcessBuckets(), buckets(1, WIDE), buckets(3, WIDE)
    deep, refused = buckets(11, WIDE), buckets(3, NARROW)
    in_valkey.decide(refused)
    kinds: dict[str, Callable[[], object]] = {
        "ping_us": client.ping,
        "one_bucket_us": lambda: in_valkey.decide(one),
        "decision_us": lambda: in_valkey.decide(three),
        "deepest_us": lambda: in_valkey.decide(deep),
        "refusal_us": lambda: in_valkey.decide(refused),
        "in_process_us": lambda: own.decide(three, now_us=time.monotonic_ns() // 1000),
    }
    rounds = [{name: us_each(call) for name, call in kinds.items()} for _ in range(ROUNDS)]
    result: dict[str, Any] = {name: statistics.median(one[name] for one in rounds) for name in kinds}
    ratios = (one["decision_us"] / one["ping_us"] for one in rounds)
    result["ratio_to_ping"] = statistics.median(ratios)
    result["buckets"] = len(three)
    result["asked_at_once"], result["let_in_of_burst"], result["burst"] = CROWD, crowd(), BURST
    return result


def crowd() -> int:
    """How many of a crowd one bucket lets in: its burst, exactly."""
    shared = buckets(1, Rate(BURST, 3600, BURST))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(lambda _: in_valkey.decide(shared).let_in, range(CROWD)))


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    try:
        result = measure()
    finally:
        services.release()
    if as_json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        ratio = f"{value / result['ping_us']:8.2f} x PING" if name.endswith("_us") else ""
        print(f"{name:18} {value:>12,.2f} {ratio}")


if __name__ == "__main__":
    main()
