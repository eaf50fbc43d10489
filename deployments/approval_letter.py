"""What one who may decide gets when somebody is asked: the effect, and a link of their own to answer."""

import logging
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from celery import current_app
from django.core.mail import EmailMessage
from kombu.exceptions import OperationalError as BrokerAway

from deployments.approval_links import APPROVE, link_for
from deployments.models import Approval
from deployments.questions import laid_out, told
from miosa.http.public_address import absolute
from tenants.models import Membership, Tenant
from tenants.scopes import SCOPES_OF_ROLE

logger = logging.getLogger(__name__)
TASK = "deployments.mail_approval"
MOST_LETTERS = 20
MOST_VALUE = 500  # characters of one member of the effect

LETTER = """{question}

Somebody's word is needed in {tenant}, until {until} UTC. Exactly this will happen:

{effect}

Open this link to say yes or no; it works once:

{link}

It answers in your name: keep it to yourself.
"""


def addressees() -> dict[UUID, str]:
    """Return the address of each member of the current tenant who may decide, by the person's id."""
    roles = [role for role, scopes in SCOPES_OF_ROLE.items() if APPROVE in scopes]
    seats = Membership.objects.filter(role__in=roles, user__is_active=True).order_by("created")
    return dict(seats.values_list("user_id", "user__email")[:MOST_LETTERS])


def ring(tenant_id: UUID | str | None, approval_id: UUID) -> None:
    """Call a worker to write the letters; a broker that is away is no error, since beat looks for those that wait."""
    try:
        current_app.send_task(TASK, (str(tenant_id), str(approval_id)), ignore_result=True, retry=False)
    except (BrokerAway, ConnectionError, TimeoutError):
        logger.warning("The broker is away; the letters of approval %s are written later", approval_id)


def send(row: Approval, tenant: Tenant, person: UUID, address: str) -> None:
    """Mail one person a link. Raises OSError or SMTPException where it cannot be sent.

    The same question to the same person has the same Message-ID, so that a letter that goes out twice is known to be one.
    """
    letter = EmailMessage(
        " ".join(told(row).split())[:200],
        _text(row, tenant, f"user:{person}"),
        to=[address],
        headers={"Message-ID": f"<{uuid5(row.pk, str(person))}@{urlsplit(absolute('/')).hostname}>"},
    )
    letter.send()


def _text(row: Approval, tenant: Tenant, person: str) -> str:
    return LETTER.format(
        question=told(row),
        tenant=" ".join(tenant.name.split()) or tenant.slug,
        until=f"{row.expires:%Y-%m-%d %H:%M}",
        effect="\n".join(
            f"  {name}: {' '.join(str(value).split())[:MOST_VALUE]}" for name, value in laid_out(row)
        ),
        link=link_for(row, person),
    )
