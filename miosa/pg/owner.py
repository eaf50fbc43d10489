"""The one way to the owner's login beside the daily one: inside `with as_owner():` alias "default" is the owner.

For commands that change tables: migrations, the ORM and raw SQL of this thread all go through the login that owns
the tables, which is bound by row security like everybody else and sees the rows of the tenant it has entered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from miosa.pg.platform import platform

ALIAS = "owner"


class OwnerUnknown(Exception):  # noqa: N818  it reads as what is the matter
    """DATABASE_OWNER_URL is missing: this command runs as the owner of the tables."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@contextmanager
def as_owner() -> Iterator[Any]:
    """Let this thread's alias "default" be a new connection of the owner until the block ends; yield it.

    Raises:
        OwnerUnknown: no URL of that login is known.
    """
    if ALIAS not in connections.settings:
        raise OwnerUnknown
    daily, made = connections[DEFAULT_DB_ALIAS], connections.create_connection(ALIAS)
    made.alias = DEFAULT_DB_ALIAS  # routers, migrations and transactions ask for it by this name
    connections[DEFAULT_DB_ALIAS] = made
    try:
        with platform(on=False):
            yield made
    finally:
        connections[DEFAULT_DB_ALIAS] = daily
        made.close()
