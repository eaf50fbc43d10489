"""Which tenants a sub-command is for; their memories are touched inside their own wall, wherever they lie."""

from argparse import ArgumentParser
from collections.abc import Iterator

from django.core.management.base import CommandError

from miosa.pg.platform import platform
from tenants.models import Tenant
from tenants.task_scope import task_scope


def add_tenant(parser: ArgumentParser) -> None:
    """Let one be named."""
    parser.add_argument("--tenant", metavar="SLUG", help="only this tenant's memories")


def each_tenant(slug: str | None) -> Iterator[Tenant]:
    """Enter one tenant after the other. Raises CommandError where there is none."""
    with platform():
        found = Tenant.objects.order_by("slug")
        tenants = list(found.filter(slug=slug) if slug else found)
    if not tenants:
        raise CommandError(f"There is no tenant {slug}." if slug else "There is no tenant yet.")
    for tenant in tenants:
        with task_scope(tenant.pk):
            yield tenant
