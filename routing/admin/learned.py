"""What was said of answers and what was learned from it: to be read, made elsewhere."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages.cells import NONE, badge, beginning, block, data, link, meter, moment, rate
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts
from routing.models import Calibration, Feedback, Judgement, Knowledge, PoolShare, PromptFit

DIGEST_SHOWN = 16


class OfDecision(Columns, Facts):
    """Rows that speak of one decision."""

    @display(description="Decision")
    def decision_(self, row: Any) -> SafeString:
        return link("routing_decision", row.decision, to=row.decision_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("tenant", "decision")
        return rows.defer("decision__ranked", "decision__requirement")


@admin.register(Feedback)
class FeedbackAdmin(OfDecision):
    """What people say."""

    list_display = ("value_", "tenant", "scale", "said", "decision_", "given_by", "created_")
    list_filter = ("tenant", "scale", "created")
    search_fields = ("given_by", "comment")
    search_help_text = "Search in comments and people"
    ordering = ("-created",)
    fields = (
        ("tenant", "decision_"),
        ("value_", "scale"),
        "comment_",
        "demonstration_",
        ("given_by", "created_"),
    )

    @display(description="Value", ordering="value")
    def value_(self, row: Feedback) -> SafeString:
        return meter(float(row.value), f"{float(row.value):.2f}", look="fine" if row.value >= 0.5 else "low")  # noqa: PLR2004  half

    @display(description="Comment")
    def said(self, row: Feedback) -> str:
        return beginning(row.comment) or NONE

    @display(description="Comment")
    def comment_(self, row: Feedback) -> SafeString:
        return block(row.comment)

    @display(description="Demonstration")
    def demonstration_(self, row: Feedback) -> SafeString:
        return block(row.demonstration)


@admin.register(Judgement)
class JudgementAdmin(OfDecision):
    """What a stronger model says; question and answer are kept until it has spoken, and shown nowhere."""

    list_display = ("judged", "tenant", "score_", "judge_", "decision_", "finished_", "created_")
    list_filter = ("tenant", "state", "judge", "created")
    search_fields = ("judge", "reason")
    search_help_text = "Search in judges and reasons"
    ordering = ("-created",)
    fields = (
        ("tenant", "decision_"),
        ("judged", "score_"),
        ("judge_", "judge_decision_"),
        "reason_",
        ("attempts", "finished_", "created_"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("question", "answer")

    @display(description="State", ordering="state")
    def judged(self, row: Judgement) -> SafeString:
        return badge({"judged": "completed"}.get(row.state, row.state), text=row.get_state_display())

    @display(description="Score", ordering="score")
    def score_(self, row: Judgement) -> SafeString:
        return SafeString(NONE) if row.score is None else meter(float(row.score), f"{float(row.score):.2f}")

    @display(description="Judge", ordering="judge")
    def judge_(self, row: Judgement) -> str:
        return row.judge or NONE

    @display(description="The judge's own decision")
    def judge_decision_(self, row: Judgement) -> SafeString:
        return (
            link("routing_decision", "open", to=row.judge_decision)
            if row.judge_decision
            else SafeString(NONE)
        )

    @display(description="Reason")
    def reason_(self, row: Judgement) -> SafeString:
        return block(row.reason)

    @display(description="Judged", ordering="finished")
    def finished_(self, row: Judgement) -> SafeString:
        return moment(row.finished)


@admin.register(Knowledge)
class KnowledgeAdmin(Columns, Facts):
    """What the decisions of one scoreboard were made from."""

    list_display = ("version", "tenant", "catalogue", "created_")
    list_filter = ("tenant", "created")
    search_fields = ("version",)
    search_help_text = "Search for the version of a scoreboard"
    ordering = ("-created",)
    fields = (("version", "tenant"), ("catalogue", "created_"), "content_")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("content")

    @display(description="Catalogue")
    def catalogue(self, row: Knowledge) -> str:
        return str(row.catalog_digest[:DIGEST_SHOWN])

    @display(description="Content")
    def content_(self, row: Knowledge) -> SafeString:
        return data(row.content)


@admin.register(Calibration)
class CalibrationAdmin(Columns, Facts):
    """How confidences were set right."""

    list_display = ("agent", "tenant", "labels", "map_", "ece", "brier", "created_")
    list_filter = ("tenant", "agent", "created")
    ordering = ("-created",)
    fields = (("agent", "tenant"), ("labels", "map_"), ("ece", "brier"), "created_")

    @display(description="Map of log-odds")
    def map_(self, row: Calibration) -> str:
        return f"{row.intercept:+.2f} + {row.slope:.2f} × raw"

    @display(description="ECE before and after", ordering="ece_after")
    def ece(self, row: Calibration) -> str:
        return f"{row.ece_before:.3f} → {row.ece_after:.3f}"

    @display(description="Brier before and after", ordering="brier_after")
    def brier(self, row: Calibration) -> str:
        return f"{row.brier_before:.3f} → {row.brier_after:.3f}"


@admin.register(PromptFit)
class PromptFitAdmin(Columns, Facts):
    """What prompts teach, as coefficients without words."""

    list_display = ("version", "tenant", "active_", "rows", "created_")
    list_filter = ("tenant", "active", "created")
    ordering = ("-created",)
    fields = (("version", "tenant"), ("active_", "rows", "created_"), "evidence_")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("content")

    @display(description="State", ordering="active")
    def active_(self, row: PromptFit) -> SafeString:
        return badge("active", text="asked") if row.active else badge("", text="not asked")

    @display(description="Evidence")
    def evidence_(self, row: PromptFit) -> SafeString:
        return data(row.evidence)


@admin.register(PoolShare)
class PoolShareAdmin(Columns, Facts):
    """What a tenant has put into the pool: counts, never a text."""

    list_display = ("model", "tenant", "task_kind", "success")
    list_filter = ("tenant", "task_kind", "model")
    search_fields = ("model",)
    ordering = ("tenant__slug", "task_kind", "model")
    fields = (("model", "tenant"), ("task_kind", "success"))

    @display(description="Succeeded", ordering="requests")
    def success(self, row: PoolShare) -> SafeString:
        return rate(row.successes, row.requests)
