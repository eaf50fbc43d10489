"""What a deployment's build and program wrote, kept within limits; the only writer of DeploymentLog."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction

from deployments.lifecycle import records
from deployments.lifecycle.storable import storable
from deployments.models import Deployment, DeploymentLog
from deployments.targets.contract import LogLine
from miosa.http.secrecy import HIDDEN, without_credentials

MOST_LINE = 4_096  # characters
MOST_LINES = 5_000  # kept of each deployment, the newest
MOST_AT_ONCE = 1_000  # of one page; what a target sends beyond it is counted and not kept
SHORTEST_SECRET = 4  # characters; shorter values of variables are words like "on"
OURS = "miosa"
LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def masked(text: str, secrets: Sequence[str]) -> str:
    """Return a line without the values of variables and without what has the form of a credential."""
    for value in secrets:
        text = text.replace(value, HIDDEN)
    return without_credentials(text)


def secrets_in(variables: Mapping[str, str]) -> list[str]:
    """Return the values that must not be kept, the longest first: one may be part of another."""
    values = {value.strip() for value in variables.values()}
    lines = {line for value in values for line in value.splitlines()}
    return sorted((one for one in values | lines if len(one) >= SHORTEST_SECRET), key=len, reverse=True)


def append(
    deployment: Deployment, lines: Iterable[LogLine], *, secrets: Sequence[str], cursor: str = ""
) -> int:
    """Add lines behind what is there, and remember how far the target's log was read; return how many.

    A page that was stored before is not stored again: who read it with an older cursor has lost the race.
    """
    page = list(lines)
    kept = page[-MOST_AT_ONCE:]
    with transaction.atomic():
        row = Deployment.objects.select_for_update().get(pk=deployment.pk)
        if cursor and row.log_cursor != deployment.log_cursor:
            deployment.log_cursor, deployment.log_lines = row.log_cursor, row.log_lines
            return 0
        first = row.log_lines + len(page) - len(kept) + 1
        DeploymentLog.objects.bulk_create(
            _line(row, number, line, secrets) for number, line in enumerate(kept, start=first)
        )
        records.keep(row, log_lines=row.log_lines + len(page), log_cursor=cursor or row.log_cursor)
        _trim(row)
    deployment.log_lines, deployment.log_cursor = row.log_lines, row.log_cursor
    return len(kept)


def say(deployment: Deployment, text: str, *, at: float) -> None:
    """Add a line of our own."""
    append(deployment, [LogLine(at, OURS, text)], secrets=())


def _line(row: Deployment, number: int, line: LogLine, secrets: Sequence[str]) -> DeploymentLog:
    at = datetime.fromtimestamp(min(max(line.at, 0.0), LATEST), UTC)
    text = masked(storable(line.text), secrets)
    shown = text if len(text) <= MOST_LINE else f"{text[:MOST_LINE]}... ({len(text)} characters)"
    return DeploymentLog(deployment_id=row.pk, number=number, at=at, stream=line.stream[:8], text=shown)


def _trim(row: Deployment) -> None:
    if row.log_lines > MOST_LINES:
        DeploymentLog.objects.filter(deployment_id=row.pk, number__lte=row.log_lines - MOST_LINES).delete()
