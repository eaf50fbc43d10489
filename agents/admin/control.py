"""What an operator may do to an execution: end it, pause it, let it go on, do it again from where it got stuck."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from agents import control, submission
from agents.models import Execution
from miosa.http.problem import Problem
from miosa.pages.answers import after_asking, turn_to
from miosa.pages.rows import as_tenant

RUNNING = [Execution.State.PENDING, Execution.State.IN_PROGRESS]


class Control:
    """The buttons of an execution's page; each acts as the tenant itself would."""

    actions_detail = ("pause_execution", "resume_execution", "cancel_execution", "retry_execution")
    log_change: Callable[..., Any]

    def has_cancel_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Tell whether this person may cancel, and whether there is something to cancel."""
        return _may(request, object_id, state__in=RUNNING)

    def has_pause_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """The same for pausing."""
        return _may(request, object_id, state__in=RUNNING, paused=None)

    def has_resume_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """The same for going on."""
        return _may(request, object_id, state__in=RUNNING, paused__isnull=False)

    def has_retry_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """The same for doing it again: only what has failed or was cancelled."""
        return _may(request, object_id, state__in=[Execution.State.FAILED, Execution.State.CANCELLED])

    @after_asking(
        "Cancel",
        title="Cancel this execution?",
        told="Its steps end at once, and what it has used so far is charged. This cannot be undone.",
        button="Yes, end it now",
        icon="cancel",
        permission="cancel",
    )
    def cancel_execution(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Cancel."""
        return self._acted(request, object_id, lambda row: control.cancel(row.pk), "cancelled")

    @after_asking(
        "Pause",
        title="Pause this execution?",
        told="Steps that run end first, and no other begins until it is resumed. Its money stays set aside for seven days.",
        button="Pause it",
        icon="pause",
        permission="pause",
        harmless=True,
    )
    def pause_execution(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Pause."""
        return self._acted(request, object_id, lambda row: control.pause(row.pk), "paused")

    @after_asking(
        "Resume",
        title="Let this execution go on?",
        told="The steps that were held are given to workers.",
        button="Go on",
        icon="play_arrow",
        permission="resume",
        harmless=True,
    )
    def resume_execution(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Resume."""
        return self._acted(request, object_id, lambda row: control.resume(row.pk), "resumed")

    @after_asking(
        "Try again",
        title="Do it again from where it got stuck?",
        told="A new execution begins: what was done before stands in it as it was, and costs nothing again.",
        button="Try again",
        icon="replay",
        permission="retry",
        harmless=True,
    )
    def retry_execution(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        """Fork it where it got stuck, for this person."""
        asks = f"user:{request.user.pk}"
        return self._acted(
            request,
            object_id,
            lambda row: submission.fork(row, requested_by=asks),
            "begun again",
            follow=True,
        )

    def _acted(
        self,
        request: HttpRequest,
        object_id: str,
        act: Callable[[Execution], Execution],
        done: str,
        *,
        follow: bool = False,
    ) -> HttpResponse:
        execution = Execution.objects.select_related("tenant").get(pk=object_id)
        shown = execution.pk
        try:
            with as_tenant(execution.tenant):
                made = act(execution)
        except Problem as refusal:
            messages.error(request, str(refusal))
        else:
            shown = made.pk if follow else shown
            self.log_change(request, execution, f"{done.capitalize()}.")
            messages.success(request, f"The execution is {done}.")
        return turn_to(request, reverse("admin:agents_execution_change", args=[shown]))


def _may(request: HttpRequest, object_id: str | None, **where: Any) -> bool:
    return (
        request.user.has_perm("agents.change_execution")
        and Execution.objects.filter(pk=object_id, **where).exists()
    )
