"""Floor 3: eleven agents and the orchestrator that leads them."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    name = "agents"

    def ready(self) -> None:
        """Tell the floors below what stands here: what is counted, what was done, which files are referred to."""
        from agents import artefacts, standing

        standing.tell()
        artefacts.tell()
