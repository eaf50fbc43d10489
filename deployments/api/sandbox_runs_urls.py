"""Routes of sandbox runs."""

from django.urls import path

from deployments.api import sandbox_runs

urlpatterns = [
    path("sandbox-runs", sandbox_runs.SandboxRuns.as_view(), name="sandbox-runs"),
    path("sandbox-runs/<uuid:sandbox_run_id>", sandbox_runs.SandboxRunDetail.as_view(), name="sandbox-run"),
    path(
        "sandbox-runs/<uuid:sandbox_run_id>/cancellation",
        sandbox_runs.SandboxRunCancellation.as_view(),
        name="sandbox-run-cancellation",
    ),
]
