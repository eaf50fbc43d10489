"""`memory reembed`: give memories a vector of another model, beside those they have."""

from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from agents.management.memory_commands import tenants_of
from agents.memory import vectors
from agents.memory.embedding import model_in_use
from routing.errors import EmbeddingsUnavailable

NAME = "reembed"
HELP = "Embed what has no vector of a model yet, in batches. It may be stopped and run again: it goes on where it was."
MOST_AT_ONCE = 1_000


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--model", metavar="NAME", help="the model in use where none is named")
    parser.add_argument("--batch", type=int, default=vectors.BATCH, metavar="N", help="committed together")
    tenants_of.add_tenant(parser)


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    model = options["model"] or model_in_use()
    batch, done = min(MOST_AT_ONCE, max(1, options["batch"])), 0
    try:
        for tenant in tenants_of.each_tenant(options["tenant"]):
            done += _one(tenant.slug, model, batch, out)
    except EmbeddingsUnavailable as error:
        raise CommandError(
            f"{error.detail}. What was embedded stays; run this again, and it goes on."
        ) from error
    out.write(f"{done:,} memories were embedded by {model}.")
    return 0


def _one(slug: str, model: str, batch: int, out: OutputWrapper) -> int:
    wanted, done = vectors.missing(model).count(), 0
    for number in vectors.reembed(model, batch=batch):
        done += number
        out.write(f"{slug:<16}{done:>9,} of {max(wanted, done):,}")
        out.flush()
    return done
