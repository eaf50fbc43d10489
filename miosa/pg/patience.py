"""Longer limits for one transaction: the logins' own limits are made for requests (`miosa.pg.bootstrap.LIMITS`)."""

from django.db import DEFAULT_DB_ALIAS, connections


def take_time(limit_s: int, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Let each statement of the open transaction run for `limit_s` seconds; the end of the transaction undoes it."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{limit_s:d}s"])
