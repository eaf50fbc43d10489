"""Reading a target's log while a deployment is worked on; a log that cannot be read stops nothing."""

import logging

from deployments.lifecycle import logs
from deployments.lifecycle.work import Work
from deployments.targets.contract import LogLine
from deployments.targets.errors import TargetError
from miosa.http.problem import Problem
from tenants.vault import CannotOpen

logger = logging.getLogger(__name__)

MOST_PAGES = 5  # at once; what is left is read at the next look


def read(work: Work) -> None:
    """Keep what the target wrote since the last look."""
    if not work.row.external_id:
        return
    try:
        if not work.capabilities.logs:
            return
        secrets = logs.secrets_in(work.spec.variables)
        for _ in range(MOST_PAGES):
            page = work.target.logs(work.ref, work.row.log_cursor)
            if not page.lines:
                return
            logs.append(work.row, page.lines, secrets=secrets, cursor=page.cursor)
    except (TargetError, Problem, CannotOpen) as error:
        logger.info("The log of deployment %s was not read: %s", work.key, error)


def note(work: Work, text: str) -> None:
    """Add a line of our own to the log."""
    logs.append(work.row, [LogLine(work.held.now(), logs.OURS, text)], secrets=())
