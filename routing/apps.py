"""Floor 2: which model answers."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"

    def ready(self) -> None:
        """Tell billing what its entries are compared with."""
        from routing.reconciled import compare

        compare()
