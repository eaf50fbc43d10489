"""Routes of the agents app."""

from django.urls import path

from agents.api import views
from agents.api.events import Events

urlpatterns = [
    path("agents", views.Agents.as_view(), name="agents"),
    path("agents/<slug:kind>", views.AgentDetail.as_view(), name="agent"),
    path("tasks", views.Tasks.as_view(), name="tasks"),
    path("executions", views.Executions.as_view(), name="executions"),
    path("executions/<uuid:execution_id>", views.ExecutionDetail.as_view(), name="execution"),
    path("executions/<uuid:execution_id>/cancellation", views.Cancellation.as_view(), name="cancellation"),
    path("executions/<uuid:execution_id>/events", Events.as_view(), name="events"),
]
