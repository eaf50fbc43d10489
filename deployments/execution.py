"""Code is run in the sandbox, and the run is kept and counted; the only writer of SandboxRun."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from billing import ledger
from deployments.models import SandboxRun as RunRow
from deployments.sandboxes.bubblewrap import Bubblewrap
from deployments.sandboxes.contract import NO_FILES, Sandbox, SandboxRun

NAME = "bubblewrap"
KEPT_CHARACTERS = 20_000  # of each stream and of the code


def run_code(
    code: str,
    *,
    files: Mapping[str, str] = NO_FILES,
    timeout_s: float = 10,
    execution_id: UUID | None = None,
    step_id: UUID | None = None,
    agent: str = "",
    sandbox: Sandbox | None = None,
) -> SandboxRun:
    """Run Python code apart from everything and return how it ended.

    Raises SandboxUnavailable or SandboxRefused; then nothing ran and nothing is counted.
    """
    run = (sandbox or Bubblewrap()).run(code, files=files, timeout_s=timeout_s)
    with transaction.atomic():
        row = RunRow.objects.create(
            execution_id=execution_id,
            step_id=step_id,
            sandbox=NAME,
            code=code[:KEPT_CHARACTERS],
            exit_code=run.exit_code,
            timed_out=run.timed_out,
            stdout=_printable(run.stdout),
            stderr=_printable(run.stderr),
            duration_ms=run.duration_ms,
        )
        ledger.post(
            "sandbox_ms",
            run.duration_ms,
            cost_micros=0,
            source="sandbox_run",
            source_id=str(row.pk),
            execution_id=execution_id,
            agent=agent,
            description=f"{NAME}, exit {run.exit_code}",
        )
    return run


def _printable(text: str) -> str:
    return text[:KEPT_CHARACTERS].replace("\0", "\ufffd")  # PostgreSQL's text cannot hold NUL
