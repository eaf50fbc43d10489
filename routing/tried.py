"""The record of a try, made from how it ended."""

from datetime import datetime
from typing import Any

from routing.attempt_record import AttemptRecord
from routing.catalog import Model
from routing.messages import Usage
from routing.providers.contract import ProviderFailure

NOTHING_USED = Usage(0, 0)


def won(
    model: Model,
    usage: Usage,
    *,
    latency_ms: int,
    first_token_ms: int | None,
    started_at: datetime,
    error: str = "",
) -> AttemptRecord:
    """Return the record of a try whose answer was used; `error` where it ended before its time."""
    return _record(
        model,
        usage,
        ok=True,
        status=200,
        error=error,
        latency_ms=latency_ms,
        first_token_ms=first_token_ms,
        started_at=started_at,
    )


def lost(model: Model, failure: ProviderFailure, *, latency_ms: int, started_at: datetime) -> AttemptRecord:
    """Return the record of a try of which nothing was used."""
    return _record(
        model,
        failure.usage or NOTHING_USED,
        ok=False,
        status=failure.status,
        error=str(failure),
        latency_ms=latency_ms,
        first_token_ms=None,
        started_at=started_at,
    )


def _record(model: Model, usage: Usage, **told: Any) -> AttemptRecord:
    return AttemptRecord(
        model=model.id,
        provider=model.provider,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        estimated=usage.estimated,
        **told,
    )
