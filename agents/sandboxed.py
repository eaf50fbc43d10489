"""Code and programs of a step in the sandbox, as its agent sees them."""

from collections.abc import Mapping, Sequence

from agents.contract import CodeRun, CodeRunUnavailable, ProgramRun
from agents.models import Step
from deployments import execution as deployments
from deployments.sandboxes.contract import SandboxRefused, SandboxUnavailable


def run_code(step: Step, code: str, *, files: Mapping[str, str], timeout_s: float) -> CodeRun:
    """Run Python for a step; raises CodeRunUnavailable."""
    try:
        run = deployments.run_code(
            code,
            files=files,
            timeout_s=timeout_s,
            execution_id=step.execution_id,
            step_id=step.pk,
            agent=step.agent,
        )
    except (SandboxUnavailable, SandboxRefused) as error:
        raise CodeRunUnavailable(str(error)) from error
    return CodeRun(run.exit_code, run.stdout, run.stderr, run.timed_out, run.duration_ms)


def run_program(
    step: Step, files: Mapping[str, str], commands: Sequence[str], *, timeout_s: float
) -> ProgramRun:
    """Run commands over files for a step; raises CodeRunUnavailable."""
    try:
        run = deployments.run_program(
            files,
            commands,
            timeout_s=timeout_s,
            execution_id=step.execution_id,
            step_id=step.pk,
            agent=step.agent,
        )
    except (SandboxUnavailable, SandboxRefused) as error:
        raise CodeRunUnavailable(str(error)) from error
    return ProgramRun(run.exit_code, run.output, run.timed_out, run.duration_ms)
