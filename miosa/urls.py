"""Every way in by HTTP."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from deployments.approval_page import approval_page
from miosa import health
from tenants.api.jwks import Jwks

urlpatterns = [
    path("", RedirectView.as_view(url="/admin/")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path(".well-known/jwks.json", Jwks.as_view(), name="jwks"),
    path("status/", include("deployments.pages.urls")),
    path("approvals/<str:token>", approval_page, name="approval-page"),
    path("invitations/", include("tenants.pages.urls")),
    path("admin/", include("tenants.admin.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include("tenants.api.urls")),
    path("api/v1/", include("billing.api.urls")),
    path("api/v1/", include("routing.api.urls")),
    path("api/v1/", include("deployments.api.urls")),
    path("api/v1/", include("agents.api.urls")),
]
handler400 = "miosa.http.exception_handler.handler400"
handler403 = "miosa.http.exception_handler.handler403"
handler404 = "miosa.http.exception_handler.handler404"
handler500 = "miosa.http.exception_handler.handler500"
