"""What the page of one release shows: what is in it, what its tests showed, and where it was deployed."""

from typing import Any

from deployments.admin import looks
from deployments.admin.costs import size_told as size
from deployments.admin.project_page import facts_of
from deployments.models import Deployment, Release

MOST_FILES, LATEST = 300, 10


def page_of(release: Release) -> dict[str, Any]:
    """Return the context of its page."""
    deployments = Deployment.objects.filter(release_id=release.pk).select_related("service")
    before = Release.objects.filter(project_id=release.project_id, number__lt=release.number)
    return {
        "release": release,
        "who": looks.who(release.author),
        "size": size(release.size_bytes),
        "before": before.order_by("-number").only("number").first(),
        "recipe": facts_of(release.recipe),
        "evidence": release.evidence,
        "files": [{**entry, "size": size(entry["size"])} for entry in release.manifest[:MOST_FILES]],
        "more_files": max(0, len(release.manifest) - MOST_FILES),
        "deployments": [
            {"row": row, "state": looks.state(row.state), "serves": row.service.current_id == row.pk}
            for row in deployments.order_by("-created")[:LATEST]
        ],
    }
