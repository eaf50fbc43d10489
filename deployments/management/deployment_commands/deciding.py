"""Somebody's word on one exact effect, from the command line: the effect is printed before it is decided."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser, OutputWrapper

from deployments import steering
from deployments.management.deployment_commands import finding


def add_arguments(parser: CommandParser) -> None:
    """Take an approval by its id, and a note."""
    parser.add_argument("id", type=UUID, metavar="APPROVAL")
    parser.add_argument("--note", default="", help="what the asker is told")
    finding.add_tenant(parser)


def decide(options: dict[str, Any], out: OutputWrapper, *, approve: bool) -> int:
    """Print the effect and decide on exactly that."""
    with finding.the_approval(options) as row:
        for name, value in row.effect.items():
            out.write(f"  {name:<12} {value}")
        said = steering.decide(
            row.pk, approve=approve, digest=row.digest, actor=finding.ACTOR, note=options["note"]
        )
        out.write(f"{said.pk}: {said.state}")
    return 0
