"""How well the router chooses, on recorded outcomes that nobody here wrote.

    python -m benchmarks.router_quality --data FOLDER [--json] [--plot FILE.png]

FOLDER holds `<set>.csv.gz` with the columns `prompt`, `task` and a score for each model. Two-model sets ask which
prompts need the strong model (APGR, CPT); sets with many models are learned from the outcomes of the router's own
choices alone (regret, mean score), with five fixed seeds. Half of the rows teach, the other half is scored.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.quality.bandits import BanditResult, PolicyResult, Spread, bandit_sets
from benchmarks.quality.pairs import Measured, PairResult, Ranked, pair_sets

WIDTH = 160  # columns: the tables are wide
PLOT = Path("router_quality.png")
NOT_TAUGHT_BY_IT = "RouteLLM's best, as published"


def main() -> int:
    """Measure, print the tables, draw the plot; JSON is one object on the last line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder with the recorded outcomes")
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--plot", type=Path, default=PLOT, help=f"where the plot goes (default {PLOT})")
    asked = parser.parse_args()
    if not asked.data.is_dir():
        parser.error(f"{asked.data} is no folder")
    pairs, bandits = _found(pair_sets, asked.data), _found(bandit_sets, asked.data)
    if not pairs and not bandits:
        parser.error(f"{asked.data} holds none of the sets")
    console = Console(stderr=asked.json, width=max(WIDTH, Console().width))
    if pairs:
        console.print(pair_table(pairs))
    if bandits:
        console.print(bandit_table(bandits))
    draw(pairs, bandits, asked.plot)
    console.print(f"plot: {asked.plot}")
    if asked.json:
        print(json.dumps({name: one.summary for name, one in {**pairs, **bandits}.items()}))
    return 0


def _found(measure: Any, data: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = measure(data)
    except FileNotFoundError as missing:
        print(missing, file=sys.stderr)
        return {}
    return found


def pair_table(results: dict[str, PairResult]) -> Table:
    """Each way of ranking the prompts of each set, with 95 % intervals over prompts."""
    table = Table(
        title="Two models: share of the strong model's lead that is kept (APGR), calls it takes (CPT)"
    )
    for column in ("set", "ranked by", "APGR", "CPT(50) %", "CPT(80) %", "taught by"):
        table.add_column(column)
    for name, one in results.items():
        ways = {
            "prompt and task": one.task,
            "prompt alone": one.prompt,
            "length alone": one.length_only,
            "chance": one.random,
        }
        for way, ranked in ways.items():
            taught = one.in_distribution if ranked in (one.task, one.prompt) else "nothing"
            table.add_row(name, way, *_cells(ranked), taught)
        if one.published:
            apgr = max(value for key, value in one.published.items() if not key.startswith("cpt"))
            table.add_row(
                name,
                NOT_TAUGHT_BY_IT,
                f"{apgr:.3f}",
                f"{one.published['cpt50']:.1f}",
                f"{one.published['cpt80']:.1f}",
                "arena votes and extra labels, other rows",
            )
    return table


def bandit_table(results: dict[str, BanditResult]) -> Table:
    """Each policy on each set, mean over the seeds with 95 % intervals."""
    table = Table(
        title="Many models, told the outcome of the chosen one only (mean over the seeds, 95 % interval)"
    )
    for column in (
        "set",
        "policy",
        "regret",
        "regret / seed rule's",
        "mean score while learning",
        "mean score after",
    ):
        table.add_column(column)
    for name, one in results.items():
        for way, result in (
            ("this router", one.ours),
            ("the seed's bare rule", one.bare_rule),
            ("chance", one.random),
        ):
            share = result.regret.mean / max(1e-9, one.bare_rule.regret.mean)
            table.add_row(
                name,
                way,
                _spread(result.regret, 1),
                f"{share:.0%}",
                _spread(result.online, 3),
                _spread(result.score, 3),
            )
        table.add_row(
            name,
            "always the best of each area, in hindsight",
            "0",
            "0%",
            f"{one.best_online:.3f}",
            f"{one.best_score:.3f}",
        )
    return table


def draw(pairs: dict[str, PairResult], bandits: dict[str, BanditResult], path: Path) -> None:
    """APGR by set with intervals and the published best; regret by set and policy."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.5), layout="constrained")
    _draw_pairs(left, pairs)
    _draw_bandits(right, bandits)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _draw_pairs(axes: Any, pairs: dict[str, PairResult]) -> None:
    ways = (("task", "prompt and task"), ("prompt", "prompt alone"), ("length_only", "length alone"))
    for number, (field, label) in enumerate(ways):
        values: list[Measured] = [getattr(one, field).apgr for one in pairs.values()]
        axes.errorbar(
            [place + 0.18 * (number - 1) for place in range(len(values))],
            [each.value for each in values],
            yerr=[[each.value - each.low for each in values], [each.high - each.value for each in values]],
            fmt="o",
            capsize=3,
            label=label,
        )
    best = [
        max((v for k, v in one.published.items() if not k.startswith("cpt")), default=float("nan"))
        for one in pairs.values()
    ]
    axes.plot(range(len(best)), best, "k_", markersize=28, label=NOT_TAUGHT_BY_IT)
    axes.axhline(0.5, linestyle=":", color="grey", label="chance")
    axes.set_xticks(range(len(pairs)), list(pairs))
    axes.set_ylabel("APGR")
    axes.legend(fontsize="small")


def _draw_bandits(axes: Any, bandits: dict[str, BanditResult]) -> None:
    ways = (("ours", "this router"), ("bare_rule", "the seed's bare rule"), ("random", "chance"))
    for number, (field, label) in enumerate(ways):
        results: list[PolicyResult] = [getattr(one, field) for one in bandits.values()]
        axes.bar(
            [place + 0.27 * (number - 1) for place in range(len(results))],
            [each.regret.mean for each in results],
            width=0.25,
            yerr=[each.regret.half for each in results],
            capsize=3,
            label=label,
        )
    axes.set_xticks(range(len(bandits)), list(bandits))
    axes.set_ylabel("regret against the best of each area")
    axes.legend(fontsize="small")


def _cells(ranked: Ranked) -> tuple[str, str, str]:
    return _interval(ranked.apgr, 3), _interval(ranked.cpt50, 1), _interval(ranked.cpt80, 1)


def _interval(measured: Measured, digits: int) -> str:
    return f"{measured.value:.{digits}f} [{measured.low:.{digits}f} {measured.high:.{digits}f}]"


def _spread(spread: Spread, digits: int) -> str:
    return f"{spread.mean:.{digits}f} ± {spread.half:.{digits}f}"


if __name__ == "__main__":
    sys.exit(main())
