"""Invitations: made here and shown once, taken back for good."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django_tenants.utils import get_tenant_model
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from miosa.http.problem import Conflict
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import badge, moment
from miosa.pages.columns import Columns
from miosa.pages.making import MadeByFunction
from miosa.pages.rows import Facts, as_tenant
from tenants import invitations, members
from tenants.invitation_letter import link_to
from tenants.models import Invitation, Role


class InvitationForm(forms.Form):
    """Who is invited, where to, and as what."""

    tenant: Any = forms.ModelChoiceField(queryset=None, widget=UnfoldAdminSelectWidget)
    email = forms.EmailField(widget=UnfoldAdminEmailInputWidget, label="E-mail")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MEMBER, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tenant"].queryset = get_tenant_model().objects.order_by("slug")  # type: ignore[attr-defined]


@admin.register(Invitation)
class InvitationAdmin(Columns, MadeByFunction, Facts):
    """A seat offered to an address; only the hash of its link is stored."""

    making_form = InvitationForm
    list_display = ("email", "tenant", "role", "state_of", "invited_by", "created_", "expires")
    list_filter = ("tenant", "role", "created")
    list_select_related = ("tenant", "invited_by")
    search_fields = ("email",)
    ordering = ("-created",)
    fields = (
        ("email", "tenant", "role"),
        ("state_of", "invited_by"),
        ("created_", "expires"),
        ("accepted", "revoked"),
    )
    actions_detail = ("take_back",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("tenants.add_invitation")

    def has_revoke_permission(self, request: HttpRequest, object_id: str) -> bool:
        """Tell whether this person may take invitations back, and whether this one is still open."""
        standing = Invitation.objects.filter(pk=object_id, accepted_at=None, revoked_at=None)
        return request.user.has_perm("tenants.change_invitation") and standing.exists()

    def made(self, request: HttpRequest, values: dict[str, Any]) -> HttpResponse:
        """Make the invitation and show its link in this answer, the only one that ever holds it."""
        by = members.authority_of_staff(request.user.pk)
        try:
            with as_tenant(values["tenant"]):
                row, token = invitations.invite(
                    values["email"], role=values["role"], by=by, invited_by_id=request.user.pk
                )
        except Conflict as refusal:
            messages.error(request, refusal.detail)
            return turn_to(request, reverse("admin:tenants_invitation_changelist"))
        facts = {
            "title": "The new invitation",
            "row": row,
            "link": link_to(token),
            "tenant": values["tenant"],
        }
        context = {**self.admin_site.each_context(request), **facts}
        answer = TemplateResponse(request, "admin/tenants/invitation/made.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @after_asking(
        "Take back",
        title="Take this invitation back?",
        told="Its link opens nothing from now on. The address can be invited again.",
        button="Take back",
        icon="cancel_schedule_send",
        permission="revoke",
    )
    def take_back(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        row = Invitation.objects.select_related("tenant").get(pk=object_id)
        with as_tenant(row.tenant):
            invitations.revoke(row.pk, by=members.authority_of_staff(request.user.pk))
        messages.success(request, f"The invitation of {row.email} is taken back.")
        return turn_to(request, reverse("admin:tenants_invitation_change", args=[object_id]))

    @display(description="State")
    def state_of(self, row: Invitation) -> SafeString:
        return badge({"open": "waiting", "accepted": "completed"}.get(row.state, row.state), text=row.state)

    @display(description="Expires", ordering="expires_at")
    def expires(self, row: Invitation) -> SafeString:
        return moment(row.expires_at)

    @display(description="Accepted", ordering="accepted_at")
    def accepted(self, row: Invitation) -> SafeString:
        return moment(row.accepted_at)

    @display(description="Revoked", ordering="revoked_at")
    def revoked(self, row: Invitation) -> SafeString:
        return moment(row.revoked_at)
