"""Routes of the billing app."""

from django.urls import path

from billing.api import alerts, breakdown, payments, views

urlpatterns = [
    path("usage", views.Usage.as_view(), name="usage"),
    path("usage/breakdown", breakdown.Breakdown.as_view(), name="usage-breakdown"),
    path("spend-alerts", alerts.SpendAlerts.as_view(), name="spend-alerts"),
    path("spend-alerts/<uuid:alert_id>", alerts.OneSpendAlert.as_view(), name="spend-alert"),
    path("spend-warnings", alerts.SpendWarnings.as_view(), name="spend-warnings"),
    path("plans", views.Plans.as_view(), name="plans"),
    path("ledger-entries", views.LedgerEntries.as_view(), name="ledger-entries"),
    path("billing/account", payments.Account.as_view(), name="billing-account"),
    path("billing/checkouts", payments.Checkouts.as_view(), name="billing-checkouts"),
    path("billing/packs", payments.Packs.as_view(), name="billing-packs"),
    path("billing/portal", payments.Portal.as_view(), name="billing-portal"),
    path("billing/plan-changes", payments.PlanChanges.as_view(), name="billing-plan-changes"),
    path(
        "billing/plan-changes/preview",
        payments.PlanChangePreviews.as_view(),
        name="billing-plan-change-previews",
    ),
    path("billing/ends", payments.SubscriptionEnds.as_view(), name="billing-ends"),
    path("billing/continuations", payments.SubscriptionContinuations.as_view(), name="billing-continuations"),
    path("billing/invoices", payments.Invoices.as_view(), name="billing-invoices"),
    path("webhooks/stripe", payments.StripeWebhook.as_view(), name="stripe-webhook"),
]
