"""The door between processes: what the router does beside answering."""

import logging
from functools import partial
from uuid import UUID

from celery import shared_task
from django.db import InterfaceError, OperationalError, connection, connections
from kombu.exceptions import OperationalError as BrokerAway

from routing import cached_answers, gateway, judging, pool, relearning
from routing.gateway import Attribution
from tenants.task_scope import ends_with_its_tenant, task_scope

logger = logging.getLogger(__name__)

JUDGE = Attribution(agent=judging.AGENT, ceiling_micros=judging.CEILING_MICROS)


@shared_task(name="routing.gather_pool")
def gather_pool() -> None:
    try:
        pool.gather()
    except (OperationalError, InterfaceError):
        logger.warning("The database is away; the pool stays as it is")
        connections["platform"].close()


@shared_task(name="routing.judge")
@ends_with_its_tenant
def judge(tenant_id: str, row_id: str) -> None:
    try:
        with task_scope(tenant_id):
            judging.judge(UUID(row_id), ask=partial(gateway.complete, attribution=JUDGE))
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; judgement %s is rung again", row_id)
        connection.close()


@shared_task(name="routing.ring_judgements")
def ring_judgements() -> None:
    try:
        for tenant_id, row_id in judging.due():
            judge.apply_async((str(tenant_id), str(row_id)), ignore_result=True, retry=False)
    except (BrokerAway, ConnectionError, TimeoutError):
        logger.warning("The broker is away; queued judgements are rung for again")
    except (OperationalError, InterfaceError):
        logger.warning("The database is away; queued judgements are rung for later")
        connections["platform"].close()


@shared_task(name="routing.sweep_gateway")
def sweep_gateway() -> None:
    cached_answers.sweep()


@shared_task(name="routing.relearn_tenant")
@ends_with_its_tenant
def relearn_tenant(tenant_id: str) -> None:
    try:
        with task_scope(tenant_id):
            relearning.relearn()
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; tenant %s is learned anew in a while", tenant_id)
        connection.close()


@shared_task(name="routing.relearn")
def relearn() -> None:
    try:
        for tenant_id in relearning.due():
            relearn_tenant.apply_async((str(tenant_id),), ignore_result=True, retry=False)
    except (BrokerAway, ConnectionError, TimeoutError):
        logger.warning("The broker is away; what is fitted stays as it is for now")
    except (OperationalError, InterfaceError):
        logger.warning("The database is away; what is fitted stays as it is for now")
        connections["platform"].close()
