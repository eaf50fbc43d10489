"""Routes of the tenants app."""

from django.urls import path

from tenants.api import views

urlpatterns = [
    path("tokens", views.Tokens.as_view(), name="tokens"),
    path("api-keys", views.ApiKeys.as_view(), name="api-keys"),
    path("api-keys/<uuid:key_id>", views.ApiKeyDetail.as_view(), name="api-key"),
]
