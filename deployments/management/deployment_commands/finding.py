"""What a word on the command line means: a deployment, a service or a project, of whichever tenant has it."""

from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Q, QuerySet

from deployments.models import Approval, Deployment, Service
from miosa.pg.platform import platform
from tenants.models import Tenant
from tenants.task_scope import task_scope

ACTOR = "operator"
ENVIRONMENTS = Service.Environment.values


def add_tenant(parser: ArgumentParser) -> None:
    """Let the tenant be named; without it all are searched."""
    parser.add_argument("--tenant", metavar="SLUG", help="only this tenant's")


def add_service(parser: ArgumentParser) -> None:
    """Take a project's slug, a service's name or id, or the id of one of its deployments; nothing: the only one."""
    parser.add_argument(
        "what",
        metavar="PROJECT",
        nargs="?",
        default="",
        help="a project's slug, or a service or deployment by its id; not needed where there is only one",
    )
    parser.add_argument("--environment", choices=ENVIRONMENTS, help="where a project has several services")
    parser.add_argument("--target", help="as above")
    add_tenant(parser)


def each_tenant(slug: str | None) -> Iterator[Tenant]:
    """Enter one tenant after the other."""
    with platform():
        found = Tenant.objects.order_by("slug")
        tenants = list(found.filter(slug=slug) if slug else found)
    if not tenants:
        raise CommandError(f"There is no tenant {slug}." if slug else "There is no tenant yet.")
    for tenant in tenants:
        with task_scope(tenant.pk):
            yield tenant


@contextmanager
def the_service(options: dict[str, Any]) -> Iterator[Service]:
    """Enter the tenant that has it, and yield the one service that is meant. Raises CommandError."""
    found: list[tuple[UUID, UUID, str]] = []
    for tenant in each_tenant(options["tenant"]):
        rows = _named(options["what"]).exclude(state=Service.State.DESTROYED)
        for name in ("environment", "target"):
            if options[name]:
                rows = rows.filter(**{name: options[name]})
        found += [(tenant.pk, row.pk, f"{tenant}: {row.name} ({row.environment})") for row in rows]
    if not found:
        called = f" is called {options['what']}" if options["what"] else ""
        raise CommandError(f"Nothing that serves{called}; see `manage.py deployments list`.")
    if len(found) > 1:
        names = "; ".join(told for _, _, told in found)
        raise CommandError(
            f"Several are meant: {names}. Name the project, --tenant, --environment or --target."
        )
    with task_scope(found[0][0]):
        yield Service.objects.select_related("project").get(pk=found[0][1])


def _named(what: str) -> QuerySet[Service]:
    rows: QuerySet[Service] = Service.objects.all()
    if not what:
        return rows
    try:
        key = UUID(what)
    except ValueError:
        return rows.filter(Q(project__slug=what) | Q(name=what))
    named = Q(pk=key) | Q(project_id=key) | Q(pk__in=Deployment.objects.filter(pk=key).values("service_id"))
    return rows.filter(named)


@contextmanager
def the_deployment(options: dict[str, Any]) -> Iterator[Deployment]:
    """Enter the tenant that has it, and yield a deployment by its id. Raises CommandError."""
    for tenant in each_tenant(options["tenant"]):
        row = (
            Deployment.objects.select_related("service__project", "release").filter(pk=options["id"]).first()
        )
        if row is not None:
            with task_scope(tenant.pk):
                yield row
            return
    raise CommandError(f"There is no deployment {options['id']}; see `manage.py deployments list`.")


@contextmanager
def the_approval(options: dict[str, Any]) -> Iterator[Approval]:
    """Enter the tenant that has it, and yield an approval by its id. Raises CommandError."""
    for tenant in each_tenant(options["tenant"]):
        row = Approval.objects.filter(pk=options["id"]).first()
        if row is not None:
            with task_scope(tenant.pk):
                yield row
            return
    raise CommandError(f"There is no approval {options['id']}; see `manage.py deployments list --approvals`.")
