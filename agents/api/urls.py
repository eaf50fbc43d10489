"""Routes of the agents app."""

from django.urls import path

from agents.api import artefacts, control, graph, proposals, schedules, tools, views
from agents.api.events import Events
from agents.api.memories import Memories, MemoryDetail

urlpatterns = [
    path("agents", views.Agents.as_view(), name="agents"),
    path("agents/<slug:kind>", views.AgentDetail.as_view(), name="agent"),
    path("tasks", views.Tasks.as_view(), name="tasks"),
    path("executions", views.Executions.as_view(), name="executions"),
    path("executions/<uuid:execution_id>", views.ExecutionDetail.as_view(), name="execution"),
    path("executions/<uuid:execution_id>/graph", graph.Graph.as_view(), name="execution-graph"),
    path("executions/<uuid:execution_id>/cancellation", control.Cancellation.as_view(), name="cancellation"),
    path("executions/<uuid:execution_id>/pause", control.Pause.as_view(), name="pause"),
    path("executions/<uuid:execution_id>/resumption", control.Resumption.as_view(), name="resumption"),
    path("executions/<uuid:execution_id>/retries", control.Retries.as_view(), name="retries"),
    path("executions/<uuid:execution_id>/forks", control.Forks.as_view(), name="forks"),
    path("executions/<uuid:execution_id>/tool-uses", artefacts.ToolUses.as_view(), name="tool-uses"),
    path("executions/<uuid:execution_id>/artefacts", artefacts.Artefacts.as_view(), name="artefacts"),
    path("artefacts/<uuid:artefact_id>", artefacts.ArtefactDetail.as_view(), name="artefact"),
    path(
        "artefacts/<uuid:artefact_id>/content", artefacts.ArtefactContent.as_view(), name="artefact-content"
    ),
    path("tools", tools.Tools.as_view(), name="tools"),
    path("tool-rules", tools.ToolRules.as_view(), name="tool-rules"),
    path("tool-rules/<uuid:toolrule_id>", tools.ToolRuleDetail.as_view(), name="tool-rule"),
    path("mcp-servers", tools.McpServers.as_view(), name="mcp-servers"),
    path("mcp-servers/<uuid:mcpserver_id>", tools.McpServerDetail.as_view(), name="mcp-server"),
    path("mcp-servers/<uuid:mcpserver_id>/looks", tools.McpServerLooks.as_view(), name="mcp-server-looks"),
    path("memories", Memories.as_view(), name="memories"),
    path("memories/<uuid:memory_id>", MemoryDetail.as_view(), name="memory"),
    path("proposals", proposals.Proposals.as_view(), name="proposals"),
    path("proposals/<uuid:proposal_id>", proposals.ProposalDetail.as_view(), name="proposal"),
    path(
        "proposals/<uuid:proposal_id>/decisions",
        proposals.ProposalDecisions.as_view(),
        name="proposal-decisions",
    ),
    path("executions/<uuid:execution_id>/events", Events.as_view(), name="events"),
    path("schedules", schedules.Schedules.as_view(), name="schedules"),
    path("schedules/<uuid:schedule_id>", schedules.ScheduleDetail.as_view(), name="schedule"),
    path(
        "schedules/<uuid:schedule_id>/firings", schedules.ScheduleFirings.as_view(), name="schedule-firings"
    ),
    path("schedules/<uuid:schedule_id>/run", schedules.ScheduleRun.as_view(), name="schedule-run"),
]
