"""A project with releases, and a plain target with its addresses: what tests of a deployment's life begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from deployments import files, projects, releases
from deployments.lifecycle.advance import advance
from deployments.models import Deployment, Project, Release, Service
from deployments.targets import registry
from miosa.testing.plain_sites import plain_sites
from miosa.testing.plain_target import PlainTarget

RECIPE = {"kind": "static", "health_body": "release", "health_deadline_s": 5}
SOMEBODY = "user:test"


@dataclass
class World:
    """One project on the plain target."""

    target: PlainTarget
    project: Project

    def release(self, *, status: int = 200, text: str = "") -> Release:
        """Cut a release whose site answers with this status."""
        author = files.Author(SOMEBODY)
        number = self.project.releases_cut + 1
        new = [
            files.NewFile("index.html", (text or f"release {number}").encode()),
            files.NewFile("status.txt", str(status).encode()),
        ]
        files.write(self.project.pk, new, author=author)
        made = releases.cut(self.project, author=SOMEBODY)
        self.project.refresh_from_db()
        return made

    def service(self) -> Service:
        """Return the project's newest service."""
        return Service.objects.get(project=self.project)  # type: ignore[no-any-return]

    def calls(self, method: str) -> list[str]:
        """Return what the target was told by a method, in order."""
        return [told for name, told in self.target.state.read()["calls"] if name == method]


@contextmanager
def plain_world(folder: Path, **recipe: object) -> Iterator[World]:
    """Make a project of the current tenant whose releases go to a plain target called `plain`."""
    target = PlainTarget(folder)
    before = dict(registry.TARGETS)
    registry.TARGETS = {**before, "plain": target}  # type: ignore[dict-item]
    try:
        with plain_sites(target.state):
            project = projects.create(
                name="Shop", slug="shop", created_by=SOMEBODY, recipe={**RECIPE, **recipe}
            )
            yield World(target, project)
    finally:
        registry.TARGETS = before


def run(deployment: Deployment, *, most: int = 200) -> Deployment:
    """Work on a deployment and on what follows from it, as workers would, until nothing is due."""
    waiting = [deployment.pk]
    for _ in range(most):
        if not waiting:
            break
        waiting += advance(UUID(str(deployment.tenant_id)), waiting.pop(0))
        waiting += [pk for pk in _due() if pk not in waiting]
    deployment.refresh_from_db()
    return deployment


def _due() -> list[UUID]:
    """What has to be looked at again: time goes on at once."""
    from deployments.lifecycle.records import now

    rows = Deployment.objects.filter(run_after__isnull=False, lease_until__isnull=True)
    rows.update(run_after=now())
    return list(rows.values_list("pk", flat=True))
