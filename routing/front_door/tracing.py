"""Spans of calls for OpenTelemetry, by its conventions for generative AI: the call, and below it each try at a provider.

They are made when a call is over, with the times it had: what is not traced costs nothing, and what is costs no call
its time. No word of a request or an answer is in them.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from routing.attempt_record import AttemptRecord

NS, MS = 1_000_000_000, 1_000_000
_provider: list[TracerProvider] = []
_parents = TraceContextTextMapPropagator()


def begin(endpoint: str, exporter: SpanExporter | None = None) -> None:
    """Send spans to a collector from now on; does nothing without an address."""
    if _provider or not (endpoint or exporter):
        return
    provider = TracerProvider(resource=Resource.create({"service.name": "miosa"}))
    sender = exporter or OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(sender))
    _provider.append(provider)


def end() -> None:
    """Send what is left, and nothing afterwards."""
    while _provider:
        _provider.pop().shutdown()


def wanted() -> bool:
    """Whether anybody collects spans."""
    return bool(_provider)


def told(
    call: Mapping[str, Any], tries: Sequence[AttemptRecord], *, elapsed_s: float, traceparent: bytes
) -> None:
    """Tell of a call that is over: `call` has the attributes of its span; without an answer it is an error."""
    tracer = _provider[0].get_tracer("miosa.gateway")
    until = time.time_ns()
    parent = _parents.extract({"traceparent": traceparent.decode("latin-1")}) if traceparent else None
    name = f"chat {call['gen_ai.request.model']}"
    span = tracer.start_span(
        name, parent, SpanKind.SERVER, dict(call), start_time=until - round(elapsed_s * NS)
    )
    inside = trace.set_span_in_context(span)
    for one in tries:
        began = round(one.started_at.timestamp() * NS)
        child = tracer.start_span(
            f"chat {one.model}", inside, SpanKind.CLIENT, _attributes(one), start_time=began
        )
        if not one.ok:
            child.set_status(Status(StatusCode.ERROR, one.error))
        child.end(min(until, began + one.latency_ms * MS))  # rounded to milliseconds
    if not any(one.ok and not one.error for one in tries):
        span.set_status(Status(StatusCode.ERROR))
    span.end(until)


def _attributes(one: AttemptRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": one.provider,
        "gen_ai.request.model": one.model,
        "gen_ai.usage.input_tokens": one.input_tokens,
        "gen_ai.usage.output_tokens": one.output_tokens,
    }
    if one.first_token_ms is not None:
        found["miosa.time_to_first_token_ms"] = one.first_token_ms
    if one.error:
        found["error.type"] = str(one.status or "broken")
    return found
