"""The letters of a question are written after it is stored: by a worker that is called at once, else by beat's look.

A letter that does not leave waits; whoever got theirs is crossed off at once, so that a kill in between repeats at most one.
"""

import logging
from smtplib import SMTPException, SMTPRecipientsRefused
from uuid import UUID

from deployments import approvals
from deployments.approval_letter import addressees, send
from deployments.models import Approval
from tenants.models import Tenant
from tenants.task_scope import task_scope

logger = logging.getLogger(__name__)
REFUSED_FOR_GOOD = 500  # and above, as SMTP counts


def write_due() -> None:
    """Write what waits, of all tenants, until one does not leave: the others are not kept waiting for the same silence."""
    for tenant_id, approval_id in approvals.letters_due():
        if not written(tenant_id, approval_id):
            break


def written(tenant_id: UUID | str, approval_id: UUID) -> bool:
    """Write the letters of one question of a tenant; False where one did not leave: it waits."""
    try:
        with task_scope(tenant_id) as tenant:
            _write(tenant, approval_id)
    except Tenant.DoesNotExist:
        return True
    except (OSError, SMTPException) as failure:
        # Without what the mail server said: it may repeat the letter, and with it the link.
        kind = type(failure).__name__
        logger.warning("A letter about approval %s was not sent, and is tried again: %s", approval_id, kind)
        return False
    return True


def _write(tenant: Tenant, approval_id: UUID) -> None:
    row = approvals.take_letters(approval_id)
    if row is None:
        return
    addresses = addressees()
    for person in row.letters_to or ():
        if person in addresses:
            _send(row, tenant, person, addresses[person])
        approvals.cross_off(approval_id, person)


def _send(row: Approval, tenant: Tenant, person: UUID, address: str) -> None:
    try:
        send(row, tenant, person, address)
    except SMTPRecipientsRefused as refusal:
        if any(code < REFUSED_FOR_GOOD for code, _ in refusal.recipients.values()):
            raise
        logger.warning("The mail server takes no letter for %s about approval %s", person, row.pk)
