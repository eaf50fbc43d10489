"""A project as it is at one moment becomes a release, for good; the only writer of Release.

Cutting what was cut last returns that release again, unless the call adds something to it: a note, evidence, or an
execution of its own. Going back to an earlier tree makes a new release: numbers only rise.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from deployments import contents, files, projects, recipes
from deployments.bundles import ReleaseBundle
from deployments.differences import Difference, difference
from deployments.files import Blob
from deployments.models import Project, Release
from deployments.recipe_guess import guessed
from deployments.targets.contract import Recipe
from miosa.http.problem import NotFound, Unprocessable

MOST_NOTE = 500
MOST_EVIDENCE = 100
CHECKED_AT_ONCE = 16  # contents in memory


class NothingToRelease(Unprocessable):
    """The project has no files, and its recipe names no source elsewhere."""


def cut(
    project: Project | UUID,
    *,
    author: str,
    execution_id: UUID | None = None,
    evidence: Sequence[Mapping[str, Any]] = (),
    note: str = "",
) -> Release:
    """Make a release of the project's files and recipe. Raises NotFound, Conflict, NothingToRelease, RecipeMissing."""
    with transaction.atomic():
        held = projects.held(project.pk if isinstance(project, Project) else project)
        tree = files.tree(held)
        recipe = recipe_for(held, tree)
        if not tree and not recipe.source:
            raise NothingToRelease("The project has no files to release; write some, or name a source.")
        manifest, plain = manifest_of(tree), recipes.as_data(recipe)
        said = [dict(one) for one in evidence][:MOST_EVIDENCE]
        checksum = checksum_of(manifest, plain)
        newest: Release | None = Release.objects.filter(project_id=held.pk).order_by("-number").first()
        if newest and newest.checksum == checksum and _adds_nothing(newest, execution_id, said, note):
            return newest
        made: Release = Release.objects.create(
            project=held,
            number=projects.next_release(held),
            checksum=checksum,
            manifest=manifest,
            recipe=plain,
            evidence=said,
            size_bytes=sum(blob.size for blob in tree.values()),
            files=len(tree),
            note=note[:MOST_NOTE],
            author=author,
            execution_id=execution_id,
        )
    return made


def recipe_for(project: Project, tree: Mapping[str, Blob] | None = None) -> Recipe:
    """Return the recipe that a project has, or that its files suggest. Raises RecipeMissing."""
    if not project.recipe:
        known = files.tree(project) if tree is None else tree
        if found := guessed(known, lambda path: files.bytes_of(known[path])):
            return found
    return projects.recipe_of(project)


def manifest_of(tree: Mapping[str, Blob]) -> list[dict[str, Any]]:
    """Return the files as a release names them, sorted by path."""
    return [
        {"path": path, "digest": blob.digest, "size": blob.size, "executable": blob.executable}
        for path, blob in sorted(tree.items())
    ]


def checksum_of(manifest: Sequence[Mapping[str, Any]], recipe: Mapping[str, Any]) -> str:
    """Return the SHA-256 of both in canonical JSON: sorted members, no spaces, UTF-8."""
    said = {"manifest": list(manifest), "recipe": dict(recipe)}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def faults_of(release: Release) -> list[str]:
    """Return what is not as it was when the release was cut: its checksum, or bytes of its files; [] where all is."""
    faults = []
    if checksum_of(release.manifest, release.recipe) != release.checksum:
        faults.append("manifest and recipe do not have the checksum of the release")
    for start in range(0, len(release.manifest), CHECKED_AT_ONCE):
        faults += _faults_of(release.manifest[start : start + CHECKED_AT_ONCE])
    return faults


def bundle_of(release: Release) -> ReleaseBundle:
    """Return a release's files as targets take them; its bytes are read inside the tenant."""
    return ReleaseBundle(release)


def release(release_id: UUID) -> Release:
    """Return one release. Raises NotFound."""
    row: Release | None = Release.objects.select_related("project").filter(pk=release_id).first()
    if row is None:
        raise NotFound("There is no such release.")
    return row


def listed(project: Project | None = None) -> QuerySet[Release]:
    """Return releases without their manifests: of one project, or of all."""
    rows: QuerySet[Release] = Release.objects.defer("manifest")
    return rows if project is None else rows.filter(project_id=project.pk)


def before(release: Release) -> Release | None:
    """Return the project's release before this one; None where it is the first."""
    earlier: QuerySet[Release] = Release.objects.filter(
        project_id=release.project_id, number__lt=release.number
    )
    return earlier.order_by("-number").first()


def difference_of(release: Release, against: Release | None) -> Difference:
    """Return what a release changes against another one, or against nothing."""
    return difference(against.manifest if against else [], release.manifest, contents.read)


def _adds_nothing(newest: Release, execution_id: UUID | None, evidence: Sequence[Any], note: str) -> bool:
    told = ((execution_id, newest.execution_id), (list(evidence), newest.evidence), (note, newest.note))
    return all(not new or new == known for new, known in told)


def _faults_of(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    rows = list(entries)
    stored = contents.read_all(row["digest"] for row in rows)
    faults = []
    for row in rows:
        content = stored.get(row["digest"])
        if content is None:
            faults.append(f"{row['path']}: its bytes are not stored")
        elif contents.digest_of(content) != row["digest"] or len(content) != row["size"]:
            faults.append(f"{row['path']}: other bytes are stored")
    return faults
