"""Floor 3: eleven agents and the orchestrator that leads them."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        """Tell billing how to count what stands here, and how to name what was done."""
        from agents.standing import tell

        tell()
