"""SQL as an attacker would send it through the application's login; whatever it does is rolled back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction
from django_tenants.utils import schema_context, tenant_context

from tenants.models import Tenant

# An attack never makes anybody wait: where it would have to wait itself, it is over.
LIMITS = "SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '20s', true)"
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"
MOST_ROWS = 50

FORBIDDEN, FOREIGN_KEY, UNIQUE = "42501", "23503", "23505"
# The statement was not understood, or names what is not there: the attack is at fault and proves nothing.
HOLLOW = {"42601", "42703", "42883", "42P01", "42P02", "42804", "22P02", "57014", "55P03"}

Values = Sequence[Any] | Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: rows (none for a statement without), how many were touched, or the SQLSTATE of the refusal."""

    rows: list[tuple[Any, ...]]
    count: int = 0
    refused: str = ""
    reason: str = ""

    @property
    def hollow(self) -> bool:
        """Whether the refusal says that the attack was wrong, not that the wall held."""
        return self.refused in HOLLOW

    @property
    def detail(self) -> str:
        """The answer in a few words."""
        if self.refused:
            return f"refused: {self.reason}"
        return f"{self.count} rows" if self.count != 1 else "1 row"


@contextmanager
def inside(tenant: Tenant | None) -> Iterator[None]:
    """Work as one tenant; None: as the application without any."""
    with tenant_context(tenant) if tenant else schema_context("public"):
        yield


def tried(
    sql: str,
    values: Values = None,
    *,
    tenant: Tenant | None,
    first: Sequence[tuple[str, Values]] = (),
    check: bool = False,
) -> Answer:
    """Send `sql` as the tenant and undo it. `first` is sent before it, `check` makes deferred constraints speak."""
    try:
        with inside(tenant), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LIMITS)
                for before, given in first:
                    cursor.execute(before, given)
                cursor.execute(sql, values)
                rows = cursor.fetchmany(MOST_ROWS) if cursor.description else []
                count = cursor.rowcount
                if check:
                    cursor.execute(CHECK_NOW)
            transaction.set_rollback(True)
        return Answer(rows, count)
    except DatabaseError as error:
        return refusal(error)


def copied(sql: str, *, tenant: Tenant | None) -> Answer:
    """Run a COPY TO STDOUT and return its lines, the first of them, as rows of one column."""
    lines: list[tuple[Any, ...]] = []
    try:
        with inside(tenant), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(LIMITS)
                with cursor.cursor.copy(sql) as copy:
                    for number, line in enumerate(copy):
                        if number < MOST_ROWS:
                            lines.append((bytes(line).decode(errors="replace"),))
            transaction.set_rollback(True)
        return Answer(lines, len(lines))
    except DatabaseError as error:
        return refusal(error)


def refusal(error: DatabaseError) -> Answer:
    """Return an error as an answer."""
    state = str(getattr(error.__cause__, "sqlstate", None) or "")
    lines = str(error).strip().splitlines()
    return Answer([], refused=state or "?", reason=lines[0] if lines else state)
