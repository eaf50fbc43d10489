"""The project as an app: it owns the commands and loads Celery when Django is ready."""

from collections.abc import Collection
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from miosa.pg.bootstrap import DatabaseRefused
from miosa.pg.wall import wall_faults


class MiosaConfig(AppConfig):
    name = "miosa"
    verbose_name = "MIOSA"

    def ready(self) -> None:
        from miosa import celery  # noqa: F401  loaded here so that `miosa/__init__.py` can stay empty

        checks.register(wall, checks.Tags.database)


def wall(*, databases: Collection[str] | None = None, **_: Any) -> list[checks.Error]:
    """Answer `manage.py check --database default`: each login and table that steps over the wall between tenants."""
    if "default" not in (databases or ()) or settings.AS_OWNER:  # a migration may be what mends it
        return []
    urls = settings.ENVIRONMENT.database_url, settings.ENVIRONMENT.database_platform_url
    try:
        faults = wall_faults(urls[0], platform_url=urls[1])
    except DatabaseRefused as refusal:
        faults = [str(refusal)]
    return [checks.Error(fault, id="miosa.E001") for fault in faults]
