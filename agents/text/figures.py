"""Figures over the platform's own facts: rates with their doubt, percentiles, sums; unknown stays unknown."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
# The keys agents read from each row; a missing key counts as unknown, an empty list as "nothing recorded yet".
FACTS: Mapping[str, tuple[str, ...]] = {
    "health": ("name", "ok", "detail"),
    "recent_executions": (
        "id", "status", "request", "confidence", "execution_ms", "cost_micros", "error", "created_at",
    ),
    "agent_performance": ("agent", "of_last", "total", "successful", "failed", "mean_confidence", "mean_ms"),
    "model_performance": (
        "model", "provider", "task_kind", "requests", "successes", "mean_ms", "mean_confidence",
        "cost_micros", "tokens",
    ),
    "ledger": ("meter", "quantity", "cost_micros", "description", "occurred_at"),
}  # fmt: skip
_Z = 1.96  # 95 % intervals
_CENT_MICROS, _SECOND_MS = 10_000, 1_000


def known(rows: Iterable[Row], key: str) -> list[float]:
    """Return the values of a column that are numbers."""
    return [
        float(row[key])
        for row in rows
        if isinstance(row.get(key), int | float) and not isinstance(row.get(key), bool)
    ]


def window(rows: Sequence[Row]) -> str:
    """Return in words how far back the figures of agents reach, "" where that is not said."""
    last = rows[0].get("of_last") if rows else None
    return f" (the last {last:,} steps of each)" if last else ""


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of the values lie (nearest rank), None of nothing."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, None of nothing."""
    return sum(values) / len(values) if values else None


def at_least(successes: float, total: float) -> float:
    """Return the lower end of Wilson's interval of a rate: what it surely is; 0 of nothing."""
    return _wilson(successes, total)[0]


def at_most(successes: float, total: float) -> float:
    """Return the upper end of Wilson's interval of a rate; 1 of nothing."""
    return _wilson(successes, total)[1]


def _wilson(successes: float, total: float) -> tuple[float, float]:
    if total <= 0:
        return 0.0, 1.0
    rate = successes / total
    middle = rate + _Z**2 / (2 * total)
    spread = _Z * math.sqrt(rate * (1 - rate) / total + _Z**2 / (4 * total**2))
    below = 1 + _Z**2 / total
    return max(0.0, (middle - spread) / below), min(1.0, (middle + spread) / below)


@dataclass(frozen=True)
class ModelRecord:
    """What is recorded of one model at one kind of task, or at all of them together (`task_kind` "")."""

    model: str
    provider: str
    task_kind: str
    requests: int
    successes: float
    mean_ms: float | None
    mean_confidence: float | None
    cost_micros: float | None

    @property
    def rate(self) -> float:
        """The share of successes; 0 of nothing."""
        return self.successes / self.requests if self.requests else 0.0

    @property
    def cost_each_micros(self) -> float | None:
        """Micro-dollars for one request."""
        return self.cost_micros / self.requests if self.requests and self.cost_micros is not None else None


def model_records(rows: Iterable[Row], *, task_kind: str = "") -> list[ModelRecord]:
    """Add up the rows of each model, of one kind of task or of all; means are weighted by requests."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("model") and (not task_kind or row.get("task_kind") == task_kind):
            grouped[str(row["model"])].append(row)
    return [_added(model, members, task_kind) for model, members in sorted(grouped.items())]


def _added(model: str, rows: Sequence[Row], task_kind: str) -> ModelRecord:
    costs = known(rows, "cost_micros")
    return ModelRecord(
        model,
        str(rows[0].get("provider", "")),
        task_kind,
        int(sum(known(rows, "requests"))),
        sum(known(rows, "successes")),
        _weighted(rows, "mean_ms"),
        _weighted(rows, "mean_confidence"),
        sum(costs) if costs else None,
    )


def _weighted(rows: Sequence[Row], key: str) -> float | None:
    pairs = [
        (float(row[key]), float(row.get("requests") or 0))
        for row in rows
        if isinstance(row.get(key), int | float)
    ]
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total else None


def usd(micros: float) -> str:
    """Return micro-dollars as dollars, as many digits as are needed to see something."""
    return (
        f"${micros / 1_000_000:.6f}".rstrip("0").rstrip(".")
        if micros < _CENT_MICROS
        else f"${micros / 1_000_000:,.2f}"
    )


def ms(value: float | None) -> str:
    """Return milliseconds as a reader likes them."""
    if value is None:
        return "unknown"
    return f"{value:.0f} ms" if value < _SECOND_MS else f"{value / _SECOND_MS:.1f} s"
