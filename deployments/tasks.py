"""The door between processes: load the scope, call the work, ring for what it returned.

A message is only a doorbell. One that is lost is rung again from its row.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from celery import shared_task
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from deployments import (
    approval_mail,
    approvals,
    contents,
    mending,
    metering,
    sandbox_runs,
    sandbox_runs_detached,
)
from deployments.approval_letter import TASK as MAIL_TASK
from deployments.lifecycle import leases, records, watching
from deployments.lifecycle.advance import advance as advance_one
from miosa.pg.platform import platform
from tenants.models import Tenant
from tenants.task_scope import ends_with_its_tenant, task_scope

logger = logging.getLogger(__name__)


@shared_task(name="deployments.advance")
@ends_with_its_tenant
def advance(tenant_id: str, deployment_id: str) -> None:
    try:
        with task_scope(tenant_id):
            ring_deployments(tenant_id, advance_one(UUID(tenant_id), UUID(deployment_id)))
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; deployment %s is rung again", deployment_id)
        connection.close()


@shared_task(name="deployments.look")
@ends_with_its_tenant
def look(tenant_id: str, service_id: str) -> None:
    try:
        with task_scope(tenant_id):
            ring_deployments(tenant_id, watching.look(UUID(service_id)))
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; service %s is looked at again", service_id)
        connection.close()


@shared_task(name=sandbox_runs_detached.TASK)
@ends_with_its_tenant
def run_sandbox(tenant_id: str, run_id: str) -> None:
    try:
        with task_scope(tenant_id):
            sandbox_runs_detached.run(UUID(tenant_id), UUID(run_id))
    except (OperationalError, InterfaceError):
        logger.warning("The database went away; run %s is rung again", run_id)
        connection.close()


@shared_task(name="deployments.ring_due")
def ring_due() -> None:
    """Ring for what is due: deployments, services to be looked at, sandbox runs."""
    try:
        for tenant_id, row_id in leases.due():
            ring_deployment(tenant_id, row_id)
        for tenant_id, row_id in watching.due():
            ring_service(tenant_id, row_id)
        for tenant_id, row_id in sandbox_runs.due():
            sandbox_runs_detached.ring(tenant_id, row_id)
    except (OperationalError, InterfaceError):
        connections["platform"].close()


@shared_task(name=MAIL_TASK)
@ends_with_its_tenant
def mail_approval(tenant_id: str, approval_id: str) -> None:
    """Write the letters of one question now; those that do not leave wait for beat."""
    try:
        approval_mail.written(tenant_id, UUID(approval_id))
    except (OperationalError, InterfaceError):
        connection.close()


@shared_task(name="deployments.mail_approvals")
def mail_approvals() -> None:
    try:
        approval_mail.write_due()
    except (OperationalError, InterfaceError):
        connections["platform"].close()


@shared_task(name="deployments.meter")
def meter() -> None:
    metering.collect()


@shared_task(name="deployments.mend")
def mend() -> None:
    mending.mend()


@shared_task(name="deployments.sweep")
def sweep() -> None:
    """Forget contents that no file and no release refers to; close approvals nobody gave in time, and end what waited."""
    with platform():
        tenants = list(Tenant.objects.values_list("pk", flat=True))
    for tenant_id in tenants:
        with suppress(Tenant.DoesNotExist), task_scope(tenant_id):
            contents.sweep(timezone.now())
            approvals.expire_old()
            ring_deployments(tenant_id, records.end_unanswered())


def ring_deployments(tenant_id: UUID | str, deployment_ids: Iterable[UUID]) -> None:
    """Ring for what the work returned."""
    for deployment_id in deployment_ids:
        ring_deployment(tenant_id, deployment_id)


def ring_deployment(tenant_id: UUID | str, deployment_id: UUID) -> None:
    """Call a worker to a deployment."""
    ring(advance, tenant_id, deployment_id)


def ring_service(tenant_id: UUID | str, service_id: UUID) -> None:
    """Call a worker to a service of which something is wanted."""
    ring(look, tenant_id, service_id)


def ring(task: object, tenant_id: UUID | str, row_id: UUID) -> None:
    """Send one message; a broker that is away is no error, since the row rings again."""
    try:
        task.apply_async((str(tenant_id), str(row_id)), ignore_result=True, retry=False)  # type: ignore[attr-defined]
    except (BrokerAway, ConnectionError, TimeoutError):
        logger.warning("The broker is away; row %s is rung again", row_id)
