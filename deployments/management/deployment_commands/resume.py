"""`deployments resume`: serve again."""

from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from deployments import steering
from deployments.lifecycle.settling import REFUSAL
from deployments.management.deployment_commands import finding, working

NAME = "resume"
HELP = "Serve again."


def add_arguments(parser: CommandParser) -> None:
    finding.add_service(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    with finding.the_service(options) as service:
        row = working.settled(steering.resume(service.pk, actor=finding.ACTOR))
        if refusal := row.settings.get(REFUSAL):
            raise CommandError(f"The target refused: {refusal}")
        out.write(f"{row.name}: {row.state}")
    return 0
