"""What Prometheus is told of the gateway: counted where it happens, named as OpenTelemetry's GenAI conventions name it.

Labels are few and come from the catalogue: no tenant, no key and no words of a caller are among them.
"""

from functools import cache
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from routing.attempt_record import AttemptRecord

REGISTRY = CollectorRegistry()
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)
MEDIA_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

_answers = Counter(
    "miosa_gateway_answers", "Requests by path and status.", ("path", "status"), registry=REGISTRY
)
_tries = Counter(
    "miosa_gateway_tries",
    "Tries at providers by how they ended.",
    ("provider", "model", "outcome"),
    registry=REGISTRY,
)
_tokens = Counter(
    "gen_ai_client_token_usage",
    "Tokens of all tries.",
    ("provider", "model", "gen_ai_token_type"),
    registry=REGISTRY,
)
_cost = Counter(
    "miosa_gateway_cost_micros", "Micro-dollars charged.", ("provider", "model"), registry=REGISTRY
)
_hits = Counter("miosa_gateway_cache_hits", "Answers from the cache.", ("how",), registry=REGISTRY)
_saved = Counter("miosa_gateway_cache_saved_micros", "Micro-dollars that hits saved.", registry=REGISTRY)
_duration = Histogram(
    "gen_ai_client_operation_duration_seconds", "Time of tries that answered.", ("provider", "model"),
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip
_first = Histogram(
    "gen_ai_server_time_to_first_token_seconds", "Time to the first token of streams.", ("provider", "model"),
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip
_under_way = Gauge("miosa_gateway_calls_under_way", "Calls that have begun and not ended.", registry=REGISTRY)
_breakers = Gauge(
    "miosa_gateway_breaker_open",
    "1 while a model is left alone because it failed.",
    ("provider", "model"),
    registry=REGISTRY,
)


class Counted(NamedTuple):
    """The counters of one model at one provider: looked up by their labels once."""

    answered: Counter
    failed: Counter
    read: Counter
    written: Counter
    cost: Counter
    duration: Histogram
    first: Histogram


@cache
def _counted(provider: str, model: str) -> Counted:
    where = (provider, model)
    return Counted(
        _tries.labels(*where, "answered"),
        _tries.labels(*where, "failed"),
        _tokens.labels(*where, "input"),
        _tokens.labels(*where, "output"),
        _cost.labels(*where),
        _duration.labels(*where),
        _first.labels(*where),
    )


def answered(path: str, status: int) -> None:
    """A request was answered."""
    _answer(path, status).inc()


@cache
def _answer(path: str, status: int) -> Counter:
    return _answers.labels(path, status)


def began() -> None:
    """A call was sent on its way."""
    _under_way.inc()


def ended(tries: list[AttemptRecord], cost_micros: int) -> None:
    """A call is over."""
    _under_way.dec()
    for one in tries:
        counted = _counted(one.provider, one.model)
        (counted.answered if one.ok and not one.error else counted.failed).inc()
        counted.read.inc(one.input_tokens)
        counted.written.inc(one.output_tokens)
        if one.ok:
            counted.cost.inc(cost_micros)
            counted.duration.observe(one.latency_ms / 1000)
            if one.first_token_ms is not None:
                counted.first.observe(one.first_token_ms / 1000)


def hit(how: str, saved_micros: int) -> None:
    """An answer came from the cache."""
    _hits.labels(how).inc()
    _saved.inc(saved_micros)


def written(breakers: dict[tuple[str, str], str]) -> bytes:
    """Return everything in Prometheus's own form."""
    for where, state in breakers.items():
        _breakers.labels(*where).set(state in {"open", "half open"})
    return generate_latest(REGISTRY)
