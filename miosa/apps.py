"""The project as an app: it owns the commands and loads Celery when Django is ready."""

from django.apps import AppConfig


class MiosaConfig(AppConfig):
    name = "miosa"
    verbose_name = "MIOSA"

    def ready(self) -> None:
        from miosa import celery  # noqa: F401  loaded here so that `miosa/__init__.py` can stay empty
