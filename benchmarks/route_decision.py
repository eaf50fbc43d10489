"""How long one routing decision takes, against the floor of a function call with a dictionary look-up.

    python -m benchmarks.route_decision [--json] [--database]

All variants are timed in one run, shuffled, and told as medians: on a busy machine only their ratios mean anything.
With --database it also tells what learning from 100,000 stored outcomes costs.

litellm, where it is installed, fetches its prices when it is imported: LITELLM_LOCAL_MODEL_COST_MAP=True keeps it from that.
"""

import argparse
import dataclasses
import importlib.util
import json
import random
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from routing.catalog import Catalog
from routing.catalog_file import load
from routing.choice import Choice
from routing.requirement import MODES, Requirement
from routing.router import decide, explore
from routing.scoreboard import Scoreboard
from routing.scoring.weights import NODES, SIX_NODES
from routing.snapshot import Snapshot, Tally

MODELS = 12
REPEATS = 11
LOOPS = 20_000
SLOW_LOOPS = 200
RECOMPILES = 60
READERS = 4
SWAPS_S = 2.0
PROVIDERS = frozenset({"groq", "moonshot", "local"})
ASKED = Requirement("chat", "balance")


def twelve_models() -> Catalog:
    """The shipped catalogue, its priced models filled up to twelve with copies."""
    catalog = load()
    priced = [model for model in catalog.models if model.price]
    copies = [dataclasses.replace(model, id=f"{model.id}-copy") for model in priced[: MODELS - len(priced)]]
    return Catalog(providers=catalog.providers, models=(*priced, *copies))


def learned(catalog: Catalog) -> Snapshot:
    """Some outcomes of every model in two kinds of tasks."""
    draw = random.Random(7)
    return Snapshot(
        {
            (kind, model.id): Tally(n := draw.randint(5, 200), n * draw.random(), 7.0 * n, n, 900.0 * n, n)
            for kind in ("chat", "code")
            for model in catalog.models
        }
    )


def floor(table: dict[str, Choice], key: str) -> Choice:
    """What no decision can be faster than."""
    return table[key]


def naive(catalog: Catalog, snapshot: Snapshot, requirement: Requirement) -> tuple[float, str]:
    """Every node of every model at every call, and not even an explanation."""
    weights = SIX_NODES.by_mode[requirement.mode]
    return max(
        (
            sum(
                w * node.mark(model, requirement, snapshot).score
                for w, node in zip(weights, NODES, strict=True)
            ),
            model.id,
        )
        for model in catalog.models
    )


def per_call_ns(call: Callable[[], object], loops: int) -> float:
    """Nanoseconds of one call, without those of the loop around it."""
    begin = time.perf_counter_ns()
    for _ in range(loops):
        call()
    spent = time.perf_counter_ns() - begin
    begin = time.perf_counter_ns()
    for _ in range(loops):
        pass
    return (spent - (time.perf_counter_ns() - begin)) / loops


def timed(catalog: Catalog, snapshot: Snapshot, board: Scoreboard) -> dict[str, float]:
    """Median nanoseconds of each variant."""
    small = dataclasses.replace(
        ASKED, input_tokens=1_500
    )  # inside the size class that one model's limit cuts in two
    table, key = board.best, ASKED.key
    variants: dict[str, tuple[Callable[[], object], int]] = {
        "floor_ns": (lambda: floor(table, key), LOOPS),
        "decision_ns": (lambda: decide(board, ASKED), LOOPS),
        "exploring_ns": (lambda: explore(board, ASKED), LOOPS),
        "odd_size_ns": (lambda: decide(board, small), LOOPS // 10),
        "requirement_ns": (lambda: Requirement("chat", "balance", input_tokens=900), LOOPS // 10),
        "naive_ns": (lambda: naive(catalog, snapshot, ASKED), SLOW_LOOPS),
    }
    found: dict[str, list[float]] = {name: [] for name in variants}
    order = [name for name in variants for _ in range(REPEATS)]
    random.Random(1).shuffle(order)
    for name in order:
        found[name].append(per_call_ns(*variants[name]))
    return {name: statistics.median(times) for name, times in found.items()}


def recompile_us(board: Scoreboard) -> float:
    """Median microseconds for a board with one task kind compiled: four modes, explained, 256 draws."""
    times = []
    for number in range(RECOMPILES):
        known = board.snapshot.with_cell("chat", board.catalog.models[0].id, Tally(100 + number, 50))
        begin = time.perf_counter_ns()
        board.updated(known, warm=("chat",))
        times.append((time.perf_counter_ns() - begin) / 1_000)
    return statistics.median(times)


def mixed_results(board: Scoreboard) -> tuple[int, int, int]:
    """Choices that are of no one board, all choices, and boards swapped in, by four readers in two seconds."""
    boards = [
        board,
        board.updated(board.snapshot.with_cell("chat", board.catalog.models[-1].id, Tally(900, 899))),
    ]
    expected = {each.version: decide(each, ASKED).ranked for each in boards}
    holder, done = {"board": board}, threading.Event()
    counts = [[0, 0] for _ in range(READERS)]

    def read(count: list[int]) -> None:
        while not done.is_set():
            choice = explore(holder["board"], ASKED)
            count[0] += choice.ranked[0] != expected[choice.scoreboard_version][0]
            count[1] += 1

    readers = [threading.Thread(target=read, args=(count,)) for count in counts]
    for reader in readers:
        reader.start()
    swaps, end = 0, time.monotonic() + SWAPS_S
    while time.monotonic() < end:
        swaps += 1
        source = boards[swaps % 2]
        holder["board"] = source.updated(source.snapshot, warm=("chat",))
    done.set()
    for reader in readers:
        reader.join()
    return sum(count[0] for count in counts), sum(count[1] for count in counts), swaps


def litellm_ns() -> float | None:
    """One selection by litellm's router, where it is installed; None elsewhere."""
    if importlib.util.find_spec("litellm") is None:
        return None
    import litellm  # type: ignore[import-not-found,unused-ignore]

    rows = [
        {"model_name": "chat", "litellm_params": {"model": f"openai/m{number}", "api_key": "x"}}
        for number in range(MODELS)
    ]
    router = litellm.Router(model_list=rows)
    return per_call_ns(lambda: router.get_available_deployment("chat", messages=[]), SLOW_LOOPS)


def measure() -> dict[str, Any]:
    """Everything, in one run."""
    catalog = twelve_models()
    snapshot = learned(catalog)
    board = Scoreboard(catalog, snapshot, providers=PROVIDERS)
    for mode in MODES:
        decide(board, dataclasses.replace(ASKED, mode=mode))
    result: dict[str, Any] = {
        "models": len(catalog.models),
        "nodes": len(NODES),
        **timed(catalog, snapshot, board),
    }
    result["recompile_us"] = recompile_us(board)
    result["mixed_results"], result["concurrent_decisions"], result["concurrent_recompiles"] = mixed_results(
        board
    )
    result["litellm_ns"] = litellm_ns()
    return result


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--database", action="store_true", help="with a database of its own, too")
    options = parser.parse_args()
    result = measure()
    if options.database:
        from benchmarks import stored_outcomes  # it needs the database's driver, the rest does not

        result |= stored_outcomes.measure()
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        ratio = f"{value / result['floor_ns']:10.2f} x floor" if value and name.endswith("_ns") else ""
        shown = (
            "not installed"
            if value is None
            else f"{value:,.1f}"
            if isinstance(value, float)
            else f"{value:,}"
        )
        print(f"{name:22} {shown:>16} {ratio}")


if __name__ == "__main__":
    main()
