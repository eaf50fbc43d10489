"""Routes of the agents app."""

from django.urls import path

from agents.api import control, proposals, views
from agents.api.events import Events

urlpatterns = [
    path("agents", views.Agents.as_view(), name="agents"),
    path("agents/<slug:kind>", views.AgentDetail.as_view(), name="agent"),
    path("tasks", views.Tasks.as_view(), name="tasks"),
    path("executions", views.Executions.as_view(), name="executions"),
    path("executions/<uuid:execution_id>", views.ExecutionDetail.as_view(), name="execution"),
    path("executions/<uuid:execution_id>/cancellation", control.Cancellation.as_view(), name="cancellation"),
    path("executions/<uuid:execution_id>/pause", control.Pause.as_view(), name="pause"),
    path("executions/<uuid:execution_id>/resumption", control.Resumption.as_view(), name="resumption"),
    path("executions/<uuid:execution_id>/retries", control.Retries.as_view(), name="retries"),
    path("executions/<uuid:execution_id>/forks", control.Forks.as_view(), name="forks"),
    path("proposals", proposals.Proposals.as_view(), name="proposals"),
    path("proposals/<uuid:proposal_id>", proposals.ProposalDetail.as_view(), name="proposal"),
    path(
        "proposals/<uuid:proposal_id>/decisions",
        proposals.ProposalDecisions.as_view(),
        name="proposal-decisions",
    ),
    path("executions/<uuid:execution_id>/events", Events.as_view(), name="events"),
]
