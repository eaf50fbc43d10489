"""`deployments rollback`: back to an earlier release, as a new deployment, and waited for."""

from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from deployments import insight, steering
from deployments.management.deployment_commands import finding, working
from deployments.models import Deployment, Service

NAME = "rollback"
HELP = "Go back to the last release that served well, or to the one that --to names."


def add_arguments(parser: CommandParser) -> None:
    finding.add_service(parser)
    parser.add_argument("--to", type=int, metavar="RELEASE", help="the number of an earlier release")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    with finding.the_service(options) as service:
        back = _destination(service, options["to"])
        now = (
            insight.deployments().filter(service=service, pk=service.current_id).first()
            if service.current_id
            else None
        )
        leaving = f"from release {now.release.number} " if now else ""
        out.write(f"{service.name}: {leaving}back to release {back.release.number}")
        made = steering.roll_back(service.pk, to=back.pk, leaving=service.current_id, actor=finding.ACTOR)
        return working.result(working.finished(made, out), out)


def _destination(service: Service, release: int | None) -> Deployment:
    if release is None:
        found = steering.suggested(service)
    else:
        served = insight.deployments().filter(service=service, live_since__isnull=False)
        earlier = [row for row in served.filter(release__number=release) if row.pk != service.current_id]
        found = max(earlier, key=lambda row: row.created, default=None)
    if found is None:
        raise CommandError(
            f"Release {release} never served here, or serves now."
            if release
            else "No earlier release served well here. To take it from the net: `manage.py deployments suspend`."
        )
    return found
