"""Floor 2: where code runs and ships."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
