"""Approvals: the exact effect that waits for a person's word, and the two buttons below it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_protect
from unfold.decorators import display

from deployments import steering
from deployments.admin import looks
from deployments.models import Approval, Deployment
from deployments.questions import is_id, laid_out, now_of, told
from miosa.http.problem import BadRequest, Problem
from miosa.pages.answers import turn_to
from miosa.pages.cells import NONE, beginning, data, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant
from tenants import audit
from tenants.named import named

MOST_NOTE = 500


@admin.register(Approval)
class ApprovalAdmin(Columns, Facts):
    """One question, bound to one exact effect."""

    list_display = ("asked", "tenant", "state_", "effect_", "by", "decided_by_", "expires_", "created_")
    list_filter = ("tenant", "state", "kind", "created")
    search_fields = ("kind", "digest", "requested_by", "note")
    search_help_text = "Search in kinds, digests and notes"
    ordering = ("-created",)
    fields = ("kind",)

    def get_custom_urls(self) -> tuple[tuple[str, str, Any], ...]:
        return (("<uuid:approval_id>/decision/", "deployments_approval_decision", decision_view),)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        page = _page_of(request, row) if row else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **page})

    @display(description="Question", ordering="kind")
    def asked(self, row: Approval) -> str:
        return told(row)

    @display(description="State", ordering="state")
    def state_(self, row: Approval) -> SafeString:
        return looks.state(now_of(row))

    @display(description="Effect")
    def effect_(self, row: Approval) -> str:
        return beginning(
            ", ".join(f"{name} {value}" for name, value in row.effect.items() if not is_id(name)), most=60
        )

    @display(description="Asked by", ordering="requested_by")
    def by(self, row: Approval) -> str:
        return looks.who(row.requested_by)

    @display(description="Decided by", ordering="decided_by")
    def decided_by_(self, row: Approval) -> str:
        return looks.who(row.decided_by) if row.decided_by else NONE

    @display(description="Expires", ordering="expires")
    def expires_(self, row: Approval) -> SafeString:
        return moment(row.expires)


@csrf_protect
def decision_view(request: HttpRequest, approval_id: UUID, model_admin: Any) -> HttpResponse:
    """Say yes or no to what was shown: the form carries the digest of the effect that its page told."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not request.user.has_perm("deployments.change_approval"):
        raise PermissionDenied
    row = Approval.objects.select_related("tenant").get(pk=approval_id)
    said = request.POST.get("answer")
    approve = said == "approve"
    try:
        if said not in {"approve", "reject"}:
            raise BadRequest("Press one of the two buttons: nothing was answered.")
        with as_tenant(row.tenant):
            steering.decide(
                row.pk,
                approve=approve,
                digest=request.POST.get("digest", ""),
                actor=audit.current_actor(),
                note=request.POST.get("note", "")[:MOST_NOTE].replace("\0", ""),
            )
    except Problem as refusal:
        messages.error(request, str(refusal))
    else:
        model_admin.log_change(request, row, "Approved." if approve else "Rejected.")
        messages.success(request, "Approved: it goes on now." if approve else "Rejected: it does not happen.")
    return turn_to(request, reverse("admin:deployments_approval_change", args=[row.pk]))


def _page_of(request: HttpRequest, row: Approval) -> dict[str, Any]:
    state = now_of(row)
    may = request.user.has_perm("deployments.change_approval")
    return {
        "approval": row,
        "question": told(row),
        "state": looks.state(state),
        "by": named(row.requested_by),
        "decided_by": named(row.decided_by) if row.decided_by else "",
        "effect": laid_out(row),
        "raw": data(row.effect),
        "may_decide": may and state == Approval.State.PENDING,
        "deployment": Deployment.objects.filter(approval_id=row.pk).first(),
    }
