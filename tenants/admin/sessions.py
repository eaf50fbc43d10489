"""Who is signed in where: read here, and ended for good."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import display

from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import badge, chips, moment
from miosa.pages.columns import Columns
from miosa.pages.rows import Facts, as_tenant
from tenants import audit, sessions
from tenants.models import Session


@admin.register(Session)
class SessionAdmin(Columns, Facts):
    """A person signed in on one device; its tokens are stored as hashes and shown nowhere."""

    list_display = ("user", "tenant", "state", "address", "device", "last_used", "created_")
    list_filter = ("tenant", "revoked_because", "created")
    list_select_related = ("tenant", "user")
    search_fields = ("user__email", "user__name")
    search_help_text = "Search in people's addresses and names"
    ordering = ("-created",)
    fields = (
        ("user", "tenant"),
        ("state", "scopes_"),
        ("address", "user_agent"),
        ("created_", "last_used"),
        ("expires", "ended"),
    )
    actions_detail = ("end_session",)

    def has_end_permission(self, request: HttpRequest, object_id: str) -> bool:
        """Tell whether this person may end sessions, and whether this one still lives."""
        living = sessions.living().filter(pk=object_id)
        return request.user.has_perm("tenants.change_session") and living.exists()

    @after_asking(
        "End session",
        title="End this session?",
        told="Its tokens are refused from now on, and its open streams end. The person can sign in again.",
        button="End session",
        icon="logout",
        permission="end",
    )
    def end_session(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        session = Session.objects.select_related("tenant", "user").get(pk=object_id)
        with as_tenant(session.tenant):
            sessions.end(session, because=Session.Revoked.ADMINISTRATOR, actor=audit.current_actor())
        messages.success(request, f"The session of {session.user} is ended.")
        return turn_to(request, reverse("admin:tenants_session_change", args=[object_id]))

    @display(description="State")
    def state(self, row: Session) -> SafeString:
        if row.revoked_at:
            return badge("revoked", text="ended", hint=row.get_revoked_because_display())
        return badge("expired" if row.expires_at <= timezone.now() else "active")

    @display(description="Device")
    def device(self, row: Session) -> SafeString:
        return chips([row.user_agent[:40]] if row.user_agent else [])

    @display(description="Narrowed to")
    def scopes_(self, row: Session) -> SafeString:
        return chips(row.scopes or [])

    @display(description="Last refreshed", ordering="last_used_at")
    def last_used(self, row: Session) -> SafeString:
        return moment(row.last_used_at)

    @display(description="Expires", ordering="expires_at")
    def expires(self, row: Session) -> SafeString:
        return moment(row.expires_at)

    @display(description="Ended", ordering="revoked_at")
    def ended(self, row: Session) -> SafeString:
        return moment(row.revoked_at)
