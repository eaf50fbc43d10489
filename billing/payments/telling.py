"""Letters of changes go out from their rows; none is lost with a process."""

import logging
from smtplib import SMTPException
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing.account_letters import send_change
from billing.models import StandingChange
from tenants.models import Tenant
from tenants.places import in_each_place
from tenants.task_scope import task_scope

MOST = 200
WAITING = """
SELECT id, tenant_id FROM billing_standingchange
WHERE mailed IS NULL AND created > now() - interval '1 day' ORDER BY created LIMIT %s"""

logger = logging.getLogger(__name__)


def mail() -> int:
    """Send the letters that wait, of all tenants; return how many."""
    return sum(_mailed(change, tenant) for change, tenant in in_each_place(WAITING, [MOST]))


def _mailed(change_id: UUID, tenant_id: UUID) -> bool:
    """Whoever holds the row sends; a process that dies between the two lets the letter go out again."""
    try:
        with task_scope(tenant_id) as tenant, transaction.atomic():
            waiting = StandingChange.objects.select_for_update(skip_locked=True)
            row = waiting.filter(pk=change_id, mailed=None).first()
            if row is None:
                return False
            send_change(row, tenant)
            StandingChange.objects.filter(pk=row.pk).update(mailed=timezone.now())
    except Tenant.DoesNotExist:
        return False
    except (OSError, SMTPException) as failure:
        logger.warning("The letter of change %s is tried again: %s", change_id, type(failure).__name__)
        return False
    return True
