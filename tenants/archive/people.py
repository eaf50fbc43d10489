"""Who the people of an archive are here: known by their e-mail address, or new and without a password."""

from django.db import connection
from uuid_utils.compat import uuid7

from tenants.archive.reading import Archive, file_of, parsed
from tenants.archive.tables import PEOPLE
from tenants.models import User

People = dict[str, str]  # id in the archive to id here


def settle(archive: Archive) -> tuple[People, int]:
    """Find or make the people of the archive; return their ids here, and how many are new.

    A new person keeps the id of the archive where it is free. Somebody known here keeps name, password and rights.
    """
    people: People = {}
    new = 0
    for line in archive.lines(file_of(archive.manifest, PEOPLE)):
        row = parsed(line, PEOPLE) or {}
        email = str(row["email"]).lower()
        known = _id_here("email", email)
        people[str(row["id"])] = known or _made(row, email)
        new += known is None
    return people, new


def _made(row: dict[str, str | None], email: str) -> str:
    taken = _id_here("id", str(row["id"]))
    user = User(
        id=str(uuid7()) if taken else row["id"],
        email=email,
        name=row["name"] or "",
        is_active=row["is_active"] == "true",
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    return str(user.pk)


def _id_here(column: str, value: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM public.tenants_user WHERE {column} = %s", [value])
        row = cursor.fetchone()
    return str(row[0]) if row else None
