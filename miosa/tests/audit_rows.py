"""What the audit logs hold, for tests of the admin."""

from typing import Any

from django.test import Client

from miosa.pg.platform import platform
from tenants.models import AuditEntry, PlatformAuditEntry


def entries() -> list[Any]:
    """Return the entries of all chains."""
    with platform():
        return [*AuditEntry.objects.order_by("created"), *PlatformAuditEntry.objects.order_by("created")]


def of(action: str) -> list[Any]:
    """Return the entries of one action, oldest first."""
    return [entry for entry in entries() if entry.action == action]


def staff(client: Client) -> str:
    """Return how the log names who is signed in."""
    with platform():
        return f"staff:{client.session['_auth_user_id']}"
