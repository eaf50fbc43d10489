"""Routes of the billing app."""

from django.urls import path

from billing.api import views

urlpatterns = [
    path("usage", views.Usage.as_view(), name="usage"),
    path("ledger-entries", views.LedgerEntries.as_view(), name="ledger-entries"),
]
