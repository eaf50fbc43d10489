"""What the page of one project shows: its files, how it is built and started, its releases and where they run."""

import json
from typing import Any

from deployments import files, variables
from deployments.admin import looks
from deployments.admin.costs import size_told as size
from deployments.models import Project, Release, Service
from miosa.pages.rows import as_tenant

MOST_FILES, LATEST = 300, 15


def page_of(project: Project) -> dict[str, Any]:
    """Return the context of its page."""
    with as_tenant(project.tenant):
        tree = files.tree(project)
        names = variables.listed(project)
    releases = Release.objects.filter(project_id=project.pk).defer("manifest", "recipe", "evidence")
    services = Service.objects.filter(project_id=project.pk).order_by("environment", "target")
    shown = sorted(tree.items())[:MOST_FILES]
    return {
        "project": project,
        "who": looks.who(project.created_by),
        "files": [
            {"path": path, "size": size(blob.size), "executable": blob.executable, "number": blob.number}
            for path, blob in shown
        ],
        "more_files": len(tree) - len(shown),
        "count": len(tree),
        "total": size(sum(blob.size for blob in tree.values())),
        "recipe": facts_of(project.recipe),
        "variables": names,
        "releases": [
            {"row": row, "size": size(row.size_bytes), "who": looks.who(row.author)}
            for row in releases.order_by("-number")[:LATEST]
        ],
        "services": [
            {"row": row, "state": looks.state(row.state), "health": looks.state(row.health)}
            for row in services
        ],
    }


def facts_of(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the members of a recipe in words, without those that say nothing."""
    return [
        (name.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for name, value in data.items()
        if value not in ("", None, {}, [])
    ]
