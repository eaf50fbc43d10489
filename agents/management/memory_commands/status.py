"""`memory status`: how many memories each tenant has, and how many have a vector of which model."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from agents.management.memory_commands import tenants_of
from agents.memory import vectors
from agents.memory.embedding import model_in_use
from agents.models import Memory

NAME = "status"
HELP = "Memories of each tenant, and their vectors by model; what has none of the model in use."


def add_arguments(parser: CommandParser) -> None:
    tenants_of.add_tenant(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    used = model_in_use()
    out.write(f"The model in use is {used}.")
    for tenant in tenants_of.each_tenant(options["tenant"]):
        told = (
            ", ".join(f"{number:,} by {model}" for model, number in vectors.counted().items()) or "no vector"
        )
        lacking = vectors.missing(used).count()
        rest = f"; {lacking:,} by their words alone" if lacking else ""
        out.write(f"{tenant.slug:<16}{Memory.objects.count():>9,} memories: {told}{rest}")
    return 0
