"""What those who may decide get when somebody is asked: the effect, and a link of their own to answer."""

import logging
from functools import partial
from smtplib import SMTPException

from django.core.mail import send_mail
from django.db import transaction

from deployments.approval_links import APPROVE, link_for
from deployments.models import Approval
from deployments.questions import laid_out, told
from tenants.models import Membership, Tenant
from tenants.owned import current_tenant_id
from tenants.registry import tenant_by_id
from tenants.scopes import SCOPES_OF_ROLE

logger = logging.getLogger(__name__)
MOST_LETTERS = 20
MOST_VALUE = 500  # characters of one member of the effect

LETTER = """{question}

Somebody's word is needed in {tenant}, until {until} UTC. Exactly this will happen:

{effect}

Open this link to say yes or no; it works once:

{link}

It answers in your name: keep it to yourself.
"""


def send_on_commit(row: Approval) -> None:
    """Mail each member who may decide a link once the question is stored; what could not be sent is logged, without links."""
    tenant_id = current_tenant_id()
    tenant = tenant_by_id(tenant_id) if tenant_id else None
    roles = [role for role, scopes in SCOPES_OF_ROLE.items() if APPROVE in scopes]
    seats = Membership.objects.filter(role__in=roles, user__is_active=True).order_by("created")
    people = list(seats.values_list("user_id", "user__email")[:MOST_LETTERS])
    for user_id, address in people if tenant else ():
        subject = told(row)
        text = _letter(row, tenant, f"user:{user_id}")
        transaction.on_commit(partial(_send, subject, text, address, str(row.pk)))


def _letter(row: Approval, tenant: Tenant | None, person: str) -> str:
    name = " ".join(tenant.name.split()) or tenant.slug if tenant else ""
    return LETTER.format(
        question=told(row),
        tenant=name,
        until=f"{row.expires:%Y-%m-%d %H:%M}",
        effect="\n".join(
            f"  {name}: {' '.join(str(value).split())[:MOST_VALUE]}" for name, value in laid_out(row)
        ),
        link=link_for(row, person),
    )


def _send(subject: str, text: str, address: str, approval_id: str) -> None:
    try:
        send_mail(" ".join(subject.split())[:200], text, None, [address])
    except (OSError, SMTPException) as failure:
        logger.warning("A letter about approval %s was not sent: %s", approval_id, type(failure).__name__)
