"""Letters about money, to those who answer for it: a tenant's owners and admins."""

from typing import Any

from django.core.mail import send_mail

from billing.models import SpendWarning
from billing.money import format_usd
from miosa.http.public_address import absolute
from tenants.models import Membership, Role

WARNING = """{tenant} {what}

What was used, by what and by whom: {link}

{then}
"""
BELOW = "Nothing is stopped. Change what you are warned of at the same place."
REACHED = "What needs more is refused from now on, until the next month or a larger plan."


def send_warning(row: SpendWarning, tenant: Any) -> None:
    """Tell the current tenant's owners and admins. Raises OSError or SMTPException where it cannot be sent."""
    name = " ".join(tenant.name.split()) or tenant.slug
    full = row.cap_micros is not None and row.spent_micros >= row.cap_micros
    text = WARNING.format(
        tenant=name, what=_what(row), link=absolute("/api/v1/usage"), then=REACHED if full else BELOW
    )
    if people := answerable():
        send_mail(f"{name}: {_subject(row)}", text, None, people)


def _subject(row: SpendWarning) -> str:
    if row.kind == SpendWarning.Kind.DAY:
        return f"an unusual day of spending, {format_usd(row.spent_micros)}"
    if row.kind == SpendWarning.Kind.SHARE:
        return f"{row.level} % of this month's budget is used"
    return f"{format_usd(row.level)} are spent this month"


def _what(row: SpendWarning) -> str:
    if row.kind == SpendWarning.Kind.DAY:
        return (
            f"has spent {format_usd(row.spent_micros)} on {row.period:%d %B %Y}; by the four weeks before, up to"
            f" {format_usd(row.level)} would be usual for a day."
        )
    of = f" of {format_usd(row.cap_micros)}" if row.cap_micros is not None else ""
    return f"has spent {format_usd(row.spent_micros)}{of} in {row.period:%B %Y}: {_subject(row)}."


def answerable() -> list[str]:
    """Return the addresses of the current tenant's owners and admins."""
    seats = Membership.objects.filter(role__in=[Role.OWNER, Role.ADMIN], user__is_active=True)
    return sorted(seats.values_list("user__email", flat=True))
