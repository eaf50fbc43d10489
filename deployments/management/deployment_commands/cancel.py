"""`deployments cancel`: a deployment that is not live yet comes to nothing."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser, OutputWrapper

from deployments import steering
from deployments.management.deployment_commands import finding, working

NAME = "cancel"
HELP = "Cancel a deployment that is not live yet."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("id", type=UUID, metavar="DEPLOYMENT")
    finding.add_tenant(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    with finding.the_deployment(options) as row:
        ended = working.finished(steering.cancel(row.pk, actor=finding.ACTOR), out)
        out.write(f"{ended.pk}: {ended.state}. {ended.reason}")
    return 0 if ended.state == ended.State.CANCELED else 1
