"""Floor 0: who is asking, and which rows they may see."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants.api import openapi  # noqa: F401  drf-spectacular finds extensions that are loaded
