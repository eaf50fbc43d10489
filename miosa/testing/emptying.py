"""What a test committed is taken away again: as a rule a few rows of a few tables.

Django truncates every table and makes the permissions anew, which takes longer than most tests do. Here the rows that are
there are deleted, by the owner, for whom alone append-only tables let rows go; what is too much for that is truncated.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.test import TransactionTestCase

from miosa.pg.bootstrap import PLATFORM
from miosa.pg.owner import as_owner

KEPT = frozenset(
    {"auth_permission", "django_content_type"}
)  # the migrations made them, and no test adds to them
MOST_BYTES = 4_000_000  # of one table: a deletion looks at each row
FORCED = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY(%s) AND relforcerowsecurity"""


def emptied(case: Any) -> None:
    """Stand in for TransactionTestCase._fixture_teardown."""
    if case.available_apps is not None or case.serialized_rollback or not _deleted():
        truncated(case)


truncated: Callable[[Any], None] = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # noqa: SLF001


def _deleted() -> bool:
    """Delete every row of the shared tables; False, and nothing done, where that would take long."""
    with as_owner() as owner, transaction.atomic(), owner.cursor() as cursor:
        existing = owner.introspection.django_table_names(only_existing=True, include_views=False)
        sizes = _with_rows(cursor, sorted({*existing} - KEPT))
        if any(size > MOST_BYTES for size in sizes.values()):
            return False
        cursor.execute(FORCED, [list(sizes)])
        forced = [name for (name,) in cursor.fetchall()]
        # Tables whose rows are checked at the commit cannot be altered before they are.
        for statements in (
            _each("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY", forced),
            [
                "SET CONSTRAINTS ALL DEFERRED",
                *_each("DELETE FROM {}", sizes),
                "SET CONSTRAINTS ALL IMMEDIATE",
            ],
            _each("ALTER TABLE {} FORCE ROW LEVEL SECURITY", forced),
        ):
            cursor.execute("; ".join(statements))
    return True


def _with_rows(cursor: Any, names: list[str]) -> dict[str, int]:
    """Return the tables that have rows, of whatever tenant, with their sizes in bytes."""
    looks = _each("SELECT '{0}', pg_relation_size('{0}') WHERE EXISTS (SELECT FROM {0})", names)
    cursor.execute(f"SET LOCAL ROLE {PLATFORM}; {' UNION ALL '.join(looks)}")
    cursor.nextset()
    sizes = dict(cursor.fetchall())
    cursor.execute("RESET ROLE")
    return sizes


def _each(statement: str, names: Iterable[str]) -> list[str]:
    return [statement.format(name) for name in names]
