"""Floor 0: who is asking, and which rows they may see."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
