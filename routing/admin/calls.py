"""Attempts at providers, and what was said of the answers."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.money import format_usd
from miosa.pages.cells import badge, duration, link, meter
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from routing.admin.gateway_page import gateway_page
from routing.models import ModelCall, Outcome


@admin.register(ModelCall)
class ModelCallAdmin(Columns, Facts):
    """One attempt at one provider."""

    list_display = (
        "model",
        "tenant",
        "provider",
        "ended",
        "tokens",
        "cost",
        "latency",
        "first_token",
        "created_",
    )
    list_filter = ("tenant", "provider", "model", "winner", "status", "created")
    search_fields = ("model", "error")
    search_help_text = "Search in models and errors"
    ordering = ("-created",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        """Return the page of the gateway, which lies beside the list."""
        return (("gateway/", "routing_gateway", gateway_page),)

    fields = (
        ("tenant", "decision_"),
        ("model", "provider", "number"),
        ("ended", "status", "finish_reason"),
        "error",
        ("input_tokens", "cached_tokens", "output_tokens"),
        ("estimated", "cost"),
        ("latency", "first_token", "created_"),
    )

    @display(description="Ended")
    def ended(self, row: ModelCall) -> SafeString:
        return (
            badge("completed", text="answered")
            if row.winner
            else badge("failed", text=str(row.status or "no answer"))
        )

    @display(description="Tokens in and out")
    def tokens(self, row: ModelCall) -> str:
        return f"{row.input_tokens:,} + {row.output_tokens:,}{' (estimated)' if row.estimated else ''}"

    @display(description="Cost", ordering="cost_micros")
    def cost(self, row: ModelCall) -> str:
        return format_usd(row.cost_micros)

    @display(description="Latency", ordering="latency_ms")
    def latency(self, row: ModelCall) -> str:
        return duration(row.latency_ms)

    @display(description="First token", ordering="first_token_ms")
    def first_token(self, row: ModelCall) -> str:
        return duration(row.first_token_ms)

    @display(description="Decision")
    def decision_(self, row: ModelCall) -> SafeString:
        return link("routing_decision", row.decision, to=row.decision_id)


@admin.register(Outcome)
class OutcomeAdmin(Columns, Facts):
    """What one source says of an answer: a decision counts once, and who knows better corrects the first word."""

    list_display = (
        "model",
        "tenant",
        "task_kind",
        "source_",
        "verdict_",
        "credit",
        "confidence_",
        "latency",
        "created_",
    )
    list_filter = ("tenant", "source", "model", "task_kind", "success", "created")
    ordering = ("-created",)
    fields = (
        ("tenant", "decision_"),
        ("model", "task_kind", "topic"),
        ("source_", "verdict_"),
        ("counts", "credit"),
        ("confidence_", "latency", "created_"),
    )

    @display(description="Said by", ordering="source")
    def source_(self, row: Outcome) -> SafeString:
        return said_by(row.source)

    @display(description="Verdict", ordering="verdict")
    def verdict_(self, row: Outcome) -> SafeString:
        return verdict(row)

    @display(description="Latency", ordering="latency_ms")
    def latency(self, row: Outcome) -> str:
        return duration(row.latency_ms)

    @display(description="Decision")
    def decision_(self, row: Outcome) -> SafeString:
        return link("routing_decision", row.decision, to=row.decision_id)


def said_by(source: str) -> SafeString:
    """Who speaks, in the word that people use for it."""
    look = {"feedback": "completed", "judge": "running"}.get(source, "")
    return badge(look, text="people" if source == Outcome.Source.FEEDBACK else source)


def verdict(row: Outcome) -> SafeString:
    """What was said, 0 to 1."""
    return meter(float(row.verdict), f"{float(row.verdict):.2f}", look="fine" if row.success else "low")
