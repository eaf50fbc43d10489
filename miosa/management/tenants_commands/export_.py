"""`tenants export`: one tenant as one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser, OutputWrapper

from miosa.embedded.unwinding import unwinding
from tenants.archive.errors import ArchiveRefused
from tenants.archive.exporting import export
from tenants.registry import tenant_by_slug

NAME = "export"
HELP = "Write everything of one tenant, as it is at one moment, to one file; the tenant goes on working."


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("slug")
    parser.add_argument("file", type=Path)
    parser.add_argument("--force", action="store_true", help="overwrite the file where it is there already")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    tenant = tenant_by_slug(options["slug"])
    if tenant is None:
        raise CommandError(f"There is no tenant {options['slug']}: `manage.py tenants list` shows them.")
    try:
        with unwinding():  # a command that is stopped leaves nothing behind either
            exported = export(tenant, options["file"], force=options["force"])
    except ArchiveRefused as refused:
        raise CommandError(str(refused)) from refused
    rows = sum(file.rows for file in exported.manifest.files)
    out.write(f"{tenant.slug}: {rows} rows in {options['file']}, SHA-256 {exported.sha256}")
    return 0
