"""`tenants create`: a tenant and its owner, opened from the command line."""

import sys
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser, OutputWrapper
from django.core.validators import validate_email, validate_slug

from miosa.management.tenants_commands import moving
from miosa.pg.platform import platform
from tenants.models import Domain, Tenant, User
from tenants.moving.move import silo
from tenants.provisioning import Opened, open_tenant

NAME = "create"
HELP = "Open a tenant and make its owner, who is told apart by e-mail address."

FROM_STDIN = "-"


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("slug", help="how the tenant is called in commands; it stays")
    parser.add_argument("--name", help="what people call it (default: the slug)")
    parser.add_argument(
        "--owner-email",
        required=True,
        metavar="EMAIL",
        help="a person who is known already becomes the owner",
    )
    parser.add_argument(
        "--password-file",
        metavar="PATH",
        help="the new owner's password is the first line of this file, `-` for standard input; "
        "without it the owner has no password yet",
    )
    parser.add_argument("--domain", default="", help="a host name of the tenant")
    parser.add_argument("--silo", action="store_true", help="give it a schema of its own at once")


def run(options: dict[str, Any], out: OutputWrapper) -> int:
    slug, email, domain = options["slug"], options["owner_email"].lower(), options["domain"].lower()
    _refuse_bad(slug, email, domain)
    password = _password(options["password_file"])
    opened = open_tenant(
        slug, name=options["name"] or slug, owner_email=email, password=password, domain=domain
    )
    out.write(f"The tenant {slug} is open; its id is {opened.tenant.pk}.")
    out.write(_way_in(opened, with_password=password is not None))
    if options["silo"]:
        return moving.run(silo, {"slug": slug, "wait": moving.WAIT_S}, out)
    return 0


def _refuse_bad(slug: str, email: str, domain: str) -> None:
    longest = Tenant._meta.get_field("slug").max_length or 0
    try:
        validate_slug(slug)
        validate_email(email)
    except ValidationError as error:
        raise CommandError(f"{error.messages[0]} Got {slug!r} and {email!r}.") from None
    if len(slug) > longest:
        raise CommandError(f"The slug {slug!r} is longer than {longest} letters.")
    with platform():
        if Tenant.objects.filter(slug=slug).exists():
            raise CommandError(f"There is a tenant {slug} already: choose another slug.")
        if domain and Domain.objects.filter(domain=domain).exists():
            raise CommandError(f"The host name {domain} leads to another tenant: choose another.")


def _password(source: str | None) -> str | None:
    if source is None:
        return None
    try:
        text = sys.stdin.readline() if source == FROM_STDIN else Path(source).read_text().partition("\n")[0]
        password = text.rstrip("\r\n")
        validate_password(password)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The password cannot be read: {error}") from None
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return password


def _way_in(opened: Opened, *, with_password: bool) -> str:
    with platform():
        person = User.objects.get(pk=opened.owner.pk)
    if not person.has_usable_password():
        return (
            f"{person.email} owns it and has no password: set one in the admin under People, or let them sign in "
            "with an OpenID provider that knows this address."
        )
    if with_password and person.created < opened.tenant.created:
        return f"{person.email} owns it and keeps the password they have had."
    return f"{person.email} owns it and signs in with the password, at POST /api/v1/tokens for the tenant {opened.tenant}."
