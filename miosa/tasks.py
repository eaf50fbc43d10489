"""What the platform does by itself."""

import logging

from celery import shared_task
from django.db import InterfaceError, OperationalError, connections

from miosa import health, statistics

logger = logging.getLogger(__name__)


@shared_task(name="miosa.refresh_statistics")
def refresh_statistics() -> None:
    try:
        statistics.refresh()
    except (OperationalError, InterfaceError):
        logger.warning("The database is away; the statistics stay as they are")
        connections["platform"].close()


@shared_task(name="miosa.heartbeat")
def heartbeat() -> None:
    health.beat()
