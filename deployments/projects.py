"""Projects are made, changed, put away and brought back; the only writer of Project.

`files` and `releases` take their next number here, while they hold the project.
"""

import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from deployments import recipes
from deployments.models import Project, Release
from deployments.targets.contract import Recipe
from miosa.http.problem import Conflict, NotFound, Unprocessable, invalid

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
MOST_SLUG = 40
MOST_SETTINGS_BYTES = 16_384
MOST_PROJECTS = 1_000  # of a tenant, archived ones too
CHANGEABLE = ("name", "description", "recipe", "settings")


class RecipeMissing(Unprocessable):
    """Nothing says how the project is started: give it a recipe, or files that show what it is."""


def create(
    *,
    name: str,
    created_by: str,
    slug: str = "",
    description: str = "",
    recipe: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    execution_id: UUID | None = None,
) -> Project:
    """Make a project; without a slug it gets one from its name. Raises Conflict, Unprocessable, RecipeRefused."""
    if Project.objects.count() >= MOST_PROJECTS:
        raise Conflict(f"A tenant has at most {MOST_PROJECTS:,} projects.")
    fields = {
        "name": name,
        "description": description,
        "recipe": _recipe(recipe or {}),
        "settings": _settings(settings or {}),
        "execution_id": execution_id,
        "created_by": created_by,
    }
    for candidate in [_checked_slug(slug)] if slug else _slugs(name):
        try:
            with transaction.atomic():
                made: Project = Project.objects.create(slug=candidate, **fields)
                return made
        except IntegrityError:
            if not Project.objects.filter(slug=candidate).exists():
                raise
    raise Conflict(f"There is a project {slug or name!r} already; choose another slug.")


def change(project_id: UUID, **changes: Any) -> Project:
    """Set some of name, description, recipe and settings. Raises NotFound, Conflict, Unprocessable."""
    if unknown := set(changes) - set(CHANGEABLE):
        raise Unprocessable(errors=[invalid("is not changed", one) for one in sorted(unknown)])
    checks = {"recipe": _recipe, "settings": _settings}
    values = {key: checks[key](value) if key in checks else value for key, value in changes.items()}
    with transaction.atomic():
        project = held(project_id)
        for key, value in values.items():
            setattr(project, key, value)
        project.save(update_fields=[*values, "updated"])
    return project


def archive(project_id: UUID) -> Project:
    """Put it away: it stays as it is and can be brought back. Nothing happens where it was before."""
    with transaction.atomic():
        project = held(project_id, archived=True)
        if project.archived is None:
            project.archived = timezone.now()
            project.save(update_fields=["archived", "updated"])
    return project


def restore(project_id: UUID) -> Project:
    """Bring it back."""
    with transaction.atomic():
        project = held(project_id, archived=True)
        if project.archived is not None:
            project.archived = None
            project.save(update_fields=["archived", "updated"])
    return project


def listed(*, archived: bool = False) -> QuerySet[Project]:
    """Return the projects that are in use, or those that were put away."""
    rows: QuerySet[Project] = Project.objects.filter(archived__isnull=not archived)
    return rows


def project(project_id: UUID) -> Project:
    """Return one project. Raises NotFound."""
    row: Project | None = Project.objects.filter(pk=project_id).first()
    if row is None:
        raise NotFound("There is no such project.")
    return row


def held(project_id: UUID, *, archived: bool = False) -> Project:
    """Return a project that nobody else changes until the transaction ends. Raises NotFound, Conflict."""
    row: Project | None = Project.objects.select_for_update(no_key=True).filter(pk=project_id).first()
    if row is None:
        raise NotFound("There is no such project.")
    if row.archived and not archived:
        raise Conflict("The project was put away; restore it first.")
    return row


def next_files_version(project: Project) -> int:
    """Return the number of the change of files that is being made; `held` first."""
    project.files_version += 1
    project.save(update_fields=["files_version", "updated"])
    return project.files_version


def next_release(project: Project) -> int:
    """Return the number of the release that is being cut; `held` first."""
    project.releases_cut += 1
    project.save(update_fields=["releases_cut", "updated"])
    return project.releases_cut


def recipe_of(thing: Project | Release) -> Recipe:
    """Return how a release is run, or a project that says it. Raises RecipeMissing where nothing does, RecipeRefused."""
    if not thing.recipe:
        raise RecipeMissing("Nothing says how this is started: give the project a recipe.")
    return recipes.recipe(thing.recipe)


def _recipe(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe as it is stored; an empty one is guessed anew for each release."""
    return recipes.as_data(recipes.recipe(data)) if data else {}


def _settings(data: Mapping[str, Any]) -> dict[str, Any]:
    if len(json.dumps(data)) > MOST_SETTINGS_BYTES:
        raise Unprocessable(errors=[invalid(f"has more than {MOST_SETTINGS_BYTES:,} bytes", "settings")])
    return dict(data)


def _checked_slug(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        words = f"has 1 to {MOST_SLUG} lower-case letters, digits and dashes, no dash at its ends"
        raise Unprocessable(errors=[invalid(words, "slug")])
    return slug


def _slugs(name: str) -> list[str]:
    """Return the slugs that a name may get, in the order they are tried."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    begin = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: MOST_SLUG - 5].strip("-") or "project"
    return [begin, *(f"{begin}-{number}" for number in range(2, 10)), f"{begin}-{secrets.token_hex(2)}"]
