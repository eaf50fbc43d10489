"""Signing in and ending all sessions of one person exclude each other.

Otherwise somebody who signs in with the old password at the moment it is changed would stay signed in: their session is
not yet there when the others are ended. Held until the transaction ends; any number may sign in at once.
"""

from uuid import UUID

from django.db import connections

LOCKS = 0x50455253  # "PERS": the class of advisory locks whose second number is a person's hash


def hold_person(user_id: UUID, *, alone: bool = False, using: str = "default") -> None:
    """Wait until nobody ends this person's sessions; with `alone` also until nobody is signing in."""
    function = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connections[using].cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, hashtext(%s))", [LOCKS, str(user_id)])
