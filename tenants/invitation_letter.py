"""What an invited person gets: the link, in a letter that is sent when the invitation is really stored."""

import logging
from smtplib import SMTPException

from django.core.mail import send_mail
from django.db import transaction

from miosa.http.public_address import absolute
from tenants.models import Invitation, Tenant

logger = logging.getLogger(__name__)

LETTER = """{who} invites you to {tenant} as {role}.

Open this link to accept; it works once, until {until} UTC:

{link}

Whoever has the link can accept in your place: keep it to yourself. If you expect no invitation, do nothing.
"""


def link_to(token: str) -> str:
    """Return the absolute address of the page where the holder of `token` accepts."""
    return absolute(f"/invitations/{token}")


def send_on_commit(invitation: Invitation, token: str, *, tenant: Tenant, who: str) -> None:
    """Mail the link once the invitation is stored; that it could not be sent is logged, without the link."""
    name = " ".join(tenant.name.split()) or tenant.slug
    text = LETTER.format(
        who=" ".join(who.split()) or "Somebody",
        tenant=name,
        role=invitation.role,
        until=f"{invitation.expires_at:%Y-%m-%d %H:%M}",
        link=link_to(token),
    )

    def send() -> None:
        try:
            send_mail(f"Invitation to {name}", text, None, [invitation.email])
        except (OSError, SMTPException) as failure:
            logger.warning(
                "The letter of invitation %s was not sent: %s", invitation.pk, type(failure).__name__
            )

    transaction.on_commit(send)
