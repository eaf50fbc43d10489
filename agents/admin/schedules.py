"""Schedules: made, changed and ended as over the API; what came of each due time; buttons to let them rest or run now."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget

from agents import schedules
from agents.models import Schedule, ScheduleFiring
from agents.requests import ScheduleRequest
from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.cells import NONE, badge, beginning, duration, link, moment
from miosa.pages.columns import Columns
from miosa.pages.requested import SAID, Requested, RequestForm
from miosa.pages.rows import Facts, as_tenant
from tenants.models import Membership
from tenants.rights_now import scopes_of

SECOND_MS = 1000
FIRST = ("tenant", "runs_for", "name", "request", "cron", "interval_s", "timezone", "enabled")  # of the form


class ScheduleForm(RequestForm):
    """What is handed in, when, and for whom: staff are nobody's members, so a member is named."""

    asked = ScheduleRequest
    left_out = ("project",)
    runs_for = forms.EmailField(
        required=False,
        widget=UnfoldAdminEmailInputWidget,
        help_text="E-mail of the member for whom it runs, with that person's rights at each run.",
    )

    def __init__(self, data: Any = None, *, row: Any = None) -> None:
        super().__init__(data, row=row)
        self.order_fields(FIRST)
        if row:  # it goes on running for whom it does
            del self.fields["runs_for"]


@admin.register(Schedule)
class ScheduleAdmin(Columns, Requested):
    """A task that is handed in again and again."""

    making_form = ScheduleForm
    list_display = ("name", "tenant", "state_", "when", "next_", "last_", "asked", "created_")
    list_filter = ("tenant", "enabled", "created")
    search_fields = ("name", "request")
    search_help_text = "Search in names and requests"
    ordering = ("-created",)
    fields = (
        ("name", "state_"), ("when", "next_", "last_"), "request", ("mode", "conversation", "most_micros"),
        ("deploy", "target", "environment"), ("missed", "overlap"), "parameters", ("created_by", "created_"),
    )  # fmt: skip
    actions_detail = ("run_schedule", "enable_schedule", "disable_schedule", *Requested.actions_detail)

    def written(self, row: Any, values: dict[str, Any]) -> Schedule:
        if row is not None:
            return schedules.change(row.pk, values[SAID], by=row.created_by)
        return schedules.make(values[SAID], created_by=_runs_for(values["runs_for"]))

    def removed(self, row: Any) -> None:
        schedules.delete(row.pk)

    def has_run_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may run it now."""
        return _may(request, object_id)

    def has_enable_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """The same for enabling."""
        return _may(request, object_id, enabled=False)

    def has_disable_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """The same for disabling."""
        return _may(request, object_id, enabled=True)

    @after_asking(
        "Run now",
        title="Run this schedule now?",
        told="One execution begins for whoever the schedule runs for. Its times stay as they are.",
        button="Run it now",
        icon="play_arrow",
        permission="run",
        harmless=True,
    )
    def run_schedule(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Run now."""
        return self._acted(
            request, object_id, lambda row: schedules.run_now(row.pk, requested_by=row.created_by), "run"
        )

    @after_asking(
        "Enable",
        title="Let this schedule run?",
        told="It is due next at its next time from now on.",
        button="Enable it",
        icon="alarm_on",
        permission="enable",
        harmless=True,
    )
    def enable_schedule(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Enable."""
        return self._acted(request, object_id, lambda row: schedules.enable(row.pk, enabled=True), "enabled")

    @after_asking(
        "Disable",
        title="Let this schedule rest?",
        told="Nothing is due until it is enabled again, and what would have been due is not made up for.",
        button="Disable it",
        icon="alarm_off",
        permission="disable",
    )
    def disable_schedule(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Disable."""
        return self._acted(
            request, object_id, lambda row: schedules.enable(row.pk, enabled=False), "disabled"
        )

    @display(description="State", ordering="enabled")
    def state_(self, row: Schedule) -> SafeString:
        return badge("active" if row.enabled else "paused", text="enabled" if row.enabled else "disabled")

    @display(description="When")
    def when(self, row: Schedule) -> str:
        return (
            f"every {duration(row.interval_s * SECOND_MS)}"
            if row.interval_s
            else f"{row.cron} {row.timezone}"
        )

    @display(description="Due next", ordering="next_due")
    def next_(self, row: Schedule) -> SafeString:
        return moment(row.next_due)

    @display(description="Last fired", ordering="last_fired")
    def last_(self, row: Schedule) -> SafeString:
        return moment(row.last_fired)

    @display(description="Request", ordering="request")
    def asked(self, row: Schedule) -> str:
        return beginning(row.request)

    def _acted(
        self, request: HttpRequest, object_id: str, act: Callable[[Schedule], Any], done: str
    ) -> HttpResponse:
        row = Schedule.objects.select_related("tenant").get(pk=object_id)
        try:
            with as_tenant(row.tenant):
                act(row)
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, row, f"{done.capitalize()}.")
            messages.success(request, f"The schedule is {done}.")
        return turn_to(request, reverse("admin:agents_schedule_change", args=[row.pk]))


@admin.register(ScheduleFiring)
class ScheduleFiringAdmin(Columns, Facts):
    """What came of one due time."""

    list_display = ("due_", "schedule_", "tenant", "state_", "execution_", "stands_for", "reason", "created_")
    list_filter = ("tenant", "state", "by_hand", "created")
    list_select_related = ("tenant", "schedule")
    search_fields = ("schedule__name", "reason")
    search_help_text = "Search in names of schedules and reasons"
    ordering = ("-created",)
    fields = (
        ("schedule_", "due_", "state_"), ("execution_", "stands_for", "by_hand"), "reason",
        ("requested_by", "created_"),
    )  # fmt: skip

    @display(description="Due", ordering="due")
    def due_(self, row: ScheduleFiring) -> SafeString:
        return moment(row.due)

    @display(description="Schedule", ordering="schedule__name")
    def schedule_(self, row: ScheduleFiring) -> SafeString:
        return link("agents_schedule", row.schedule.name, to=row.schedule.pk)

    @display(description="Execution")
    def execution_(self, row: ScheduleFiring) -> SafeString:
        if row.execution_id is None:
            return SafeString(NONE)
        return link("agents_execution", "execution", to=row.execution_id)


def _runs_for(email: str) -> str:
    """Return the member of the present tenant with this address. Raises NotAllowed: nobody who may hand in tasks."""
    seat = Membership.objects.filter(user__email__iexact=email).first()
    name = f"user:{seat.user_id}" if seat else ""
    if schedules.NEEDED not in scopes_of(name):
        raise schedules.NotAllowed(
            f"{email or 'Nobody'} is no member who may hand in tasks: name one for whom it runs."
        )
    return name


def _may(request: HttpRequest, object_id: str | None, **where: Any) -> bool:
    return (
        request.user.has_perm("agents.change_schedule")
        and Schedule.objects.filter(pk=object_id, **where).exists()
    )
