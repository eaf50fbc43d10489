"""Floor 3: eleven agents and the orchestrator that leads them."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"
