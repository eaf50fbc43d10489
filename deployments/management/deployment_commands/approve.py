"""`deployments approve`: say yes to what an approval asks."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from deployments.management.deployment_commands import deciding

NAME = "approve"
HELP = "Say yes to what an approval asks."


def add_arguments(parser: CommandParser) -> None:
    deciding.add_arguments(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    return deciding.decide(options, out, approve=True)
