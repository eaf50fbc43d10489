"""Floor 1: what was used, what is left, what is owed."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "billing"
