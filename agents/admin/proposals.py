"""Proposals: the diff, every replayed pair, how the rollout goes, and the buttons to approve, edit or refuse."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_protect
from unfold.decorators import display

from agents import proposals, proving
from agents.changes import Change
from agents.models import Proposal, ProposalTrial
from agents.verdicts_of_people import Decision, decide
from billing.money import format_usd
from miosa.http.problem import Problem
from miosa.pages.answers import turn_to
from miosa.pages.cells import NONE, badge, beginning, data, link, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant

MOST_REASON = 500
LOOKS = {"adopted": "active", "accepted": "active", "rolling": "running", "testing": "running"}
LOOKS |= {"draft": "queued", "rejected": "failed", "reverted": "failed"}
DECIDABLE = frozenset({"draft", "accepted", "rejected", "rolling", "adopted", "testing"})
EDITABLE = frozenset({"draft", "accepted", "rejected"})


@admin.register(Proposal)
class ProposalAdmin(Columns, Facts):
    """One version of one change."""

    list_display = ("named", "tenant", "kind", "state_", "change_", "bound_", "share_", "created_")
    list_filter = ("tenant", "agent", "state", "kind", "created")
    search_fields = ("agent", "cause", "diff")
    search_help_text = "Search in agents, causes and diffs"
    ordering = ("-created",)
    fields = ("agent",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<uuid:proposal_id>/decision/", "agents_proposal_decision", decision_view),)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        page = _page_of(request, row) if row else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @display(description="Proposal", ordering="number")
    def named(self, row: Proposal) -> str:
        return str(row)

    @display(description="State", ordering="state")
    def state_(self, row: Proposal) -> SafeString:
        return _state(row)

    @display(description="Change")
    def change_(self, row: Proposal) -> str:
        words = [value for name, value in row.change.items() if name not in {"kind", "origin"}]
        return beginning(" · ".join(words), most=60)

    @display(description="Lower bound", ordering="bound")
    def bound_(self, row: Proposal) -> str:
        return _signed(row.bound)

    @display(description="Share", ordering="share")
    def share_(self, row: Proposal) -> str:
        return f"{row.share:.0%}" if row.share else NONE


@admin.register(ProposalTrial)
class ProposalTrialAdmin(Columns, Facts):
    """One stored step done twice."""

    list_display = ("pair", "tenant", "proposal_", "old", "new", "verdict_", "judge", "cost", "created_")
    list_select_related = ("tenant", "proposal")
    list_filter = ("tenant", "verdict", "created")
    ordering = ("-created",)
    fields = (
        ("tenant", "proposal_", "step_"),
        ("old", "new", "pair"),
        ("old_model", "new_model", "old_first"),
        "old_evidence_",
        "new_evidence_",
        ("verdict_", "judge", "shown_old_first"),
        "judge_reason",
        ("input_digest", "cost", "created_"),
    )

    @display(description="Difference", ordering="difference")
    def pair(self, row: ProposalTrial) -> str:
        return _signed(row.difference)

    @display(description="Proposal")
    def proposal_(self, row: ProposalTrial) -> SafeString:
        return link("agents_proposal", row.proposal, to=row.proposal.pk)

    @display(description="Step")
    def step_(self, row: ProposalTrial) -> SafeString:
        return link("agents_step", row.step.purpose, to=row.step.pk)

    @display(description="As now", ordering="old_score")
    def old(self, row: ProposalTrial) -> str:
        return f"{row.old_score:.3f}"

    @display(description="As proposed", ordering="new_score")
    def new(self, row: ProposalTrial) -> str:
        return f"{row.new_score:.3f}"

    @display(description="Judge", ordering="verdict")
    def verdict_(self, row: ProposalTrial) -> str:
        return str(ProposalTrial.Verdict(row.verdict).label)

    @display(description="Checks of now")
    def old_evidence_(self, row: ProposalTrial) -> SafeString:
        return data(row.old_evidence)

    @display(description="Checks of the proposal")
    def new_evidence_(self, row: ProposalTrial) -> SafeString:
        return data(row.new_evidence)

    @display(description="Cost", ordering="cost_micros")
    def cost(self, row: ProposalTrial) -> str:
        return format_usd(row.cost_micros)


@csrf_protect
def decision_view(request: HttpRequest, proposal_id: UUID, model_admin: Any) -> HttpResponse:
    """Do what the pressed button says, as the tenant itself would."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not request.user.has_perm("agents.change_proposal"):
        raise PermissionDenied
    row = Proposal.objects.select_related("tenant").get(pk=proposal_id)
    said = request.POST.get("answer", "")
    shown = row.pk
    try:
        with as_tenant(row.tenant):
            reason = request.POST.get("reason", "")[:MOST_REASON].replace("\0", "")
            shown = decide(row.pk, Decision(said), change=_edited(request, row, said), reason=reason).pk
    except (Problem, ValueError) as refusal:
        messages.error(request, str(refusal))
    else:
        model_admin.log_change(request, row, f"Decided: {said}.")
        messages.success(request, "It is done, and stands in the audit log.")
    return turn_to(request, reverse("admin:agents_proposal_change", args=[shown]))


def _edited(request: HttpRequest, row: Proposal, said: str) -> dict[str, str] | None:
    """Return the change with the fields of the form that this kind has."""
    if said != Decision.EDIT:
        return None
    names = set(row.change) - {"kind", "origin"}
    return {**row.change, **{name: request.POST[name].strip() for name in names if name in request.POST}}


def _page_of(request: HttpRequest, row: Proposal) -> dict[str, Any]:
    may = request.user.has_perm("agents.change_proposal")
    open_changes = {name: value for name, value in row.change.items() if name not in {"kind", "origin"}}
    return {
        "proposal": row,
        "state": _state(row),
        "bound": _signed(row.bound),
        "spent": format_usd(row.spent_micros),
        "trials": [_shown(one) for one in proving.pairs_of(row)],
        "comparison": row.comparison,
        "watch": row.watch,
        "lesson": link("agents_lesson", "the lesson it comes from", to=row.lesson.pk) if row.lesson else "",
        "may_decide": may and row.state in DECIDABLE,
        "may_test": may and row.state == proposals.State.DRAFT,
        "editable": open_changes.items() if may and row.state in EDITABLE else (),
        "long": Change.__dataclass_fields__.keys() & {"given", "answer", "text"},
        "approve": _approve(row),
        "may_approve": row.is_watched or row.state not in {"adopted", "testing"},
        "refuse": "Take it back" if row.state in {"rolling", "adopted"} else "Refuse",
    }


def _approve(row: Proposal) -> str:
    if row.is_watched:
        return "End its watch, nobody held out"
    return "Adopt it" if row.state == proposals.State.ROLLING else "Approve"


def _shown(one: ProposalTrial) -> dict[str, Any]:
    return {
        "step": link("agents_step", beginning(one.step.instruction, most=48), to=one.step.pk),
        "old": f"{one.old_score:.3f}",
        "new": f"{one.new_score:.3f}",
        "difference": _signed(one.difference),
        "verdict": ProposalTrial.Verdict(one.verdict).label,
        "reason": one.judge_reason,
        "judge": one.judge or NONE,
        "order": "now, proposed" if one.old_first else "proposed, now",
        "at": moment(one.created),
    }


def _state(row: Proposal) -> SafeString:
    return badge(LOOKS.get(row.state, row.state), text=row.state, hint=Proposal.State(row.state).label)


def _signed(value: float | None) -> str:
    return NONE if value is None else f"{value:+.3f}"
