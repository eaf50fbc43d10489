"""`tenants receipt`: the proof that a tenant was erased, shown and checked."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from tenants.erasure import receipts
from tenants.erasure.receipts import Receipt
from tenants.erasure.refusal import ErasureRefused

NAME = "receipt"
HELP = "Show the receipt of an erased tenant, or check one with --verify: the stored one, or that in a file."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("slug", nargs="?", default="")
    parser.add_argument("--file", type=Path, help="a receipt that was kept, instead of the stored one")
    parser.add_argument("--verify", action="store_true", help="say whether it is genuine, and fail when not")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    try:
        found = _found(options)
    except ErasureRefused as refused:
        raise CommandError(str(refused)) from refused
    if not options["verify"]:
        out.write(found[0].as_json())
        return 0
    if forged := [receipt for receipt in found if not receipt.is_genuine]:
        raise CommandError(
            f"The receipt of {forged[0].document.get('slug')} was changed since it was signed, or was signed by another "
            "installation: do not rely on it."
        )
    out.write(
        f"genuine: {len(found)} of {len(found)}, the newest completed {found[0].document['completed_at']}"
    )
    return 0


def _found(options: dict[str, Any]) -> list[Receipt]:
    if bool(options["slug"]) == bool(options["file"]):
        raise ErasureRefused("Name the slug of an erased tenant, or a receipt with --file.")
    if options["file"]:
        return [receipts.from_file(options["file"])]
    rows = receipts.stored(options["slug"])
    if not rows:
        raise ErasureRefused(f"There is no receipt of a tenant {options['slug']}: it was not erased here.")
    return [receipts.of(row) for row in rows]
