"""The door between processes for schedules: what is due is rung for, and fired by whoever answers first."""

import logging
from uuid import UUID

from celery import shared_task
from django.db import InterfaceError, OperationalError, connection, connections

from agents import schedules
from agents.tasks import ring
from tenants.task_scope import ends_with_its_tenant, task_scope

logger = logging.getLogger(__name__)


@shared_task(name="agents.fire_schedules")
def fire_schedules() -> None:
    try:
        for tenant_id, schedule_id in schedules.due():
            ring(fire_schedule, tenant_id, schedule_id)
    except (OperationalError, InterfaceError):
        connections["platform"].close()


@shared_task(name="agents.fire_schedule")
@ends_with_its_tenant
def fire_schedule(tenant_id: str, schedule_id: str) -> None:
    try:
        with task_scope(tenant_id) as tenant:
            if tenant.active:  # it may have been put away since it was rung for
                schedules.fire(UUID(schedule_id))
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; schedule %s is rung again", schedule_id)
        connection.close()
