"""Pages for everybody."""

from django.urls import path

from deployments.pages.public import status_page

urlpatterns = [path("<slug:tenant>/<slug:project>", status_page, name="status-page")]
