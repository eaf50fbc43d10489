"""Floor 2: where code runs and ships."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"

    def ready(self) -> None:
        """Tell billing which project its entries are for."""
        from deployments.project_costs import tell

        tell()
