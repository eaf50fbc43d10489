"""Floor 2: which model answers."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    name = "routing"
