"""Routes of the deployments app, gathered: each part of it has a list of its own."""

from deployments.api import deployment_urls, project_urls, sandbox_runs_urls

urlpatterns = [
    *project_urls.urlpatterns,
    *deployment_urls.urlpatterns,
    *sandbox_runs_urls.urlpatterns,
]
