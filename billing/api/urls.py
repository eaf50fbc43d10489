"""Routes of the billing app."""

from django.urls import path

from billing.api import alerts, breakdown, views

urlpatterns = [
    path("usage", views.Usage.as_view(), name="usage"),
    path("usage/breakdown", breakdown.Breakdown.as_view(), name="usage-breakdown"),
    path("spend-alerts", alerts.SpendAlerts.as_view(), name="spend-alerts"),
    path("spend-alerts/<uuid:alert_id>", alerts.OneSpendAlert.as_view(), name="spend-alert"),
    path("spend-warnings", alerts.SpendWarnings.as_view(), name="spend-warnings"),
    path("plans", views.Plans.as_view(), name="plans"),
    path("ledger-entries", views.LedgerEntries.as_view(), name="ledger-entries"),
]
