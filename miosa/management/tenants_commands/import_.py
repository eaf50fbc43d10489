"""`tenants import`: one tenant out of a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from miosa.management.tenants_commands import moving, silo
from miosa.pg.owner import OwnerUnknown
from tenants.archive.errors import ArchiveRefused
from tenants.archive.importing import Imported, import_

NAME = "import"
HELP = "Bring in the tenant of a file that `export` made, here or elsewhere: all of it or nothing."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("file", type=Path)
    parser.add_argument("--slug", default="", help="another slug than the one in the file")
    parser.add_argument("--silo", action="store_true", help="give it a schema of its own when it is in")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    try:
        imported = import_(options["file"], slug=options["slug"])
    except (ArchiveRefused, OwnerUnknown) as refused:
        raise CommandError(str(refused)) from refused
    out.write(told(imported))
    if options["silo"]:
        return silo.run({"slug": imported.tenant.slug, "wait": moving.WAIT_S}, out)
    return 0


def told(imported: Imported) -> str:
    """Return what came, and what somebody has to do now."""
    renew = imported.to_renew
    return "\n".join(
        [
            f"{imported.tenant.slug}: {sum(imported.rows.values())} rows, read back and found equal",
            f"  people who are new here, without a password: {imported.new_people}",
            f"  API keys, revoked, to be made anew:           {renew['tenants_apikey']}",
            f"  secrets that did not travel, to be set again: {renew['tenants_storedsecret']}",
            f"  invitations to be sent again:                 {renew['tenants_invitation']}",
        ]
    )
