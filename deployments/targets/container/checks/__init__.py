"""What is looked at before anything is handed out: each check is a file and a line."""

from collections.abc import Callable, Iterable, Mapping

from deployments.targets.container.checks.finding import Finding
from deployments.targets.container.checks.image import image
from deployments.targets.container.checks.one_machine import one_machine
from deployments.targets.container.checks.read_back import read_back
from deployments.targets.container.checks.references import references
from deployments.targets.container.checks.safety import safety
from deployments.targets.container.checks.schemas import schemas

Check = Callable[[Mapping[str, str]], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (read_back, schemas, references, safety, image, one_machine)


def findings(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return what the checks say of the written files; after a fault the later ones, which rest on it, are left out."""
    found: list[Finding] = []
    for check in CHECKS:
        found += check(files)
        if not all(finding.passed for finding in found):
            break
    return tuple(found)
