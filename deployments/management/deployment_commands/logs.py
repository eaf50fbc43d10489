"""`deployments logs`: what a build and its program wrote."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser, OutputWrapper

from deployments import insight
from deployments.management.deployment_commands import finding

NAME = "logs"
HELP = "What a deployment's build and program wrote."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("id", type=UUID, metavar="DEPLOYMENT")
    parser.add_argument("--after", type=int, default=0, metavar="N", help="lines after this number")
    finding.add_tenant(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    with finding.the_deployment(options) as row:
        for line in insight.lines(row, options["after"]):
            out.write(f"{line.number:>6}  {line.at:%H:%M:%S}  {line.stream:<6} {line.text}")
    return 0
