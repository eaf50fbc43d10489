"""The door between processes: what the router does beside answering."""

import logging

from celery import shared_task
from django.db import InterfaceError, OperationalError, connections

from routing import pool

logger = logging.getLogger(__name__)


@shared_task(name="routing.gather_pool")
def gather_pool() -> None:
    try:
        pool.gather()
    except (OperationalError, InterfaceError):
        logger.warning("The database is away; the pool stays as it is")
        connections["platform"].close()
