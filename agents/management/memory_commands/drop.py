"""`memory drop`: delete the vectors of a model that is no longer used."""

from typing import Any

from django.core.management.base import CommandParser, OutputWrapper

from agents.management.memory_commands import tenants_of
from agents.memory import vectors
from agents.memory.embedding import model_in_use

NAME = "drop"
HELP = "Delete a former model's vectors where there is one of the model in use; the others stay."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="the former model")
    tenants_of.add_tenant(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    dropped = left = 0
    for _tenant in tenants_of.each_tenant(options["tenant"]):
        dropped += sum(vectors.drop(options["model"]))
        left += vectors.counted().get(options["model"], 0)
    out.write(f"{dropped:,} vectors of {options['model']} are gone.")
    if left:
        out.write(f"{left:,} stay, since their memories have none of {model_in_use()}: run `memory reembed`.")
    return 1 if left else 0
