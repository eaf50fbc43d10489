"""`deployments show`: one service with what serves, its health, and what came before."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from deployments import insight, steering
from deployments.management.deployment_commands import finding

NAME = "show"
HELP = "One service: what serves, its health, its latest deployments and where it could go back to."
SHOWN = 10


def add_arguments(parser: CommandParser) -> None:
    finding.add_service(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    with finding.the_service(options) as service:
        out.write(
            f"{service.name}  {service.environment} on {service.target}: {service.state}, {service.health}"
        )
        out.write(f"  {service.url or 'no address yet'}")
        for row in insight.deployments().filter(service=service).order_by("-created")[:SHOWN]:
            mark = "*" if row.pk == service.current_id else " "
            reason = f"  {row.reason.partition(chr(10))[0]}" if row.reason else ""
            out.write(
                f"{mark} {row.created:%Y-%m-%d %H:%M:%S}  release {row.release.number}  {row.state}  {row.pk}{reason}"
            )
        back = steering.suggested(service)
        out.write(f"  can go back to release {back.release.number}" if back else "  nothing to go back to")
    return 0
