"""The admin's pages of routing: why a model was chosen, what it took, and how it turned out."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from billing.money import format_usd
from miosa.drawing.bar import Bar, stacked_bar
from miosa.pages.cells import badge, confidence, duration, link, meter, rate
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from routing.models import Decision, ModelCall, Outcome, Promotion

WIDE, NARROW = 720, 330  # pixels of a drawing on a desk and on a telephone


@admin.register(Decision)
class DecisionAdmin(Columns, Facts):
    """One choice of a model."""

    list_display = ("choice", "tenant", "task_kind", "mode", "agent", "propensity_", "created_")
    list_filter = ("tenant", "task_kind", "mode", "model", "agent", "created")
    search_fields = ("model", "why")
    search_help_text = "Search in models and reasons"
    ordering = ("-created",)
    fields = ("why",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        decision = self.get_object(request, object_id)
        page = _page(decision) if decision else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @display(description="Model", ordering="model")
    def choice(self, row: Decision) -> str:
        return row.model

    @display(description="Propensity", ordering="propensity")
    def propensity_(self, row: Decision) -> SafeString:
        return meter(row.propensity, f"{row.propensity:.0%}")


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
    """How a decision turned out."""

    list_display = ("model", "tenant", "task_kind", "success_", "confidence_", "latency", "created_")
    list_filter = ("tenant", "model", "task_kind", "success", "created")
    ordering = ("-created",)
    fields = (
        ("tenant", "decision_"),
        ("model", "task_kind"),
        ("success_", "confidence_"),
        ("latency", "created_"),
    )

    @display(description="Success", ordering="success")
    def success_(self, row: Outcome) -> SafeString:
        return badge("success" if row.success else "failure")

    @display(description="Latency", ordering="latency_ms")
    def latency(self, row: Outcome) -> str:
        return duration(row.latency_ms)

    @display(description="Decision")
    def decision_(self, row: Outcome) -> SafeString:
        return link("routing_decision", row.decision, to=row.decision_id)


@admin.register(Promotion)
class PromotionAdmin(Columns, Facts):
    """The evaluation of a model at every hundredth request."""

    list_display = ("model", "tenant", "requests", "rate_", "improved", "scoreboard_version", "created_")
    list_filter = ("tenant", "model", "improved", "created")
    ordering = ("-created",)
    fields = (
        ("tenant", "model"),
        ("requests", "successes", "rate_"),
        ("improved", "scoreboard_version"),
        "created_",
    )

    @display(description="Success", ordering="rate")
    def rate_(self, row: Promotion) -> SafeString:
        return rate(row.successes, row.requests)


def _page(decision: Decision) -> dict[str, Any]:
    calls = ModelCall.objects.filter(decision_id=decision.pk).order_by("number")
    outcome = Outcome.objects.filter(decision_id=decision.pk).first()
    return {
        "decision": decision,
        "ranked": [_candidate(row, decision.model) for row in decision.ranked],
        "propensity": meter(decision.propensity, f"{decision.propensity:.0%}"),
        "outcome": confidence(outcome.confidence) if outcome else "not judged",
        "calls": [
            {"row": call, "cost": format_usd(call.cost_micros), "latency": duration(call.latency_ms),
             "first_token": duration(call.first_token_ms)}
            for call in calls
        ],
    }  # fmt: skip


def _candidate(row: dict[str, Any], chosen: str) -> dict[str, Any]:
    """Return one ranked model as the page draws it: each node's weight, score and the part it adds."""
    nodes = [
        {**node, "part": node["weight"] * node["score"], "width": f"{100 * node['score']:.1f}"}
        for node in row["nodes"]
    ]
    parts = [Bar(node["name"], node["part"], f"{node['part']:.3f}") for node in nodes]
    title = f"What {row['model']} gains from each node"
    return {
        "model": row["model"],
        "provider": row["provider"],
        "total": row["total"],
        "bonus": row["bonus"],
        "chosen": row["model"] == chosen,
        "nodes": nodes,
        "wide": stacked_bar(parts, title=title, whole=1.0, width=WIDE),
        "narrow": stacked_bar(parts, title=title, whole=1.0, width=NARROW),
    }
