"""`deployments list`: the newest deployments of every tenant, and what waits for an approval."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from deployments import approvals, insight
from deployments.management.deployment_commands import finding

NAME = "list"
HELP = "The newest deployments; --approvals: what waits for somebody's word."


def add_arguments(parser: CommandParser) -> None:
    finding.add_tenant(parser)
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="of each tenant")
    parser.add_argument("--approvals", action="store_true")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    for tenant in finding.each_tenant(options["tenant"]):
        for line in _approvals() if options["approvals"] else _deployments(options["limit"]):
            out.write(f"{tenant.slug:<16}{line}")
    return 0


def _deployments(limit: int) -> list[str]:
    rows = insight.deployments().order_by("-created")[: max(1, limit)]
    return [
        f"{row.created:%Y-%m-%d %H:%M:%S}  {row.pk}  {row.service.project.slug} {row.release.number}"
        f" -> {row.service.environment} on {row.service.target}: {row.state}"
        f"{f' ({row.kind})' if row.kind != 'deploy' else ''}  {row.url}"
        for row in rows
    ]


def _approvals() -> list[str]:
    rows = approvals.pending().order_by("created")
    return [f"{row.created:%Y-%m-%d %H:%M:%S}  {row.pk}  {row.kind}: {row.effect}" for row in rows]
