"""The files of executions: handed in, written by agents, left by tools; the only writer of Artefact."""

import mimetypes
from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from agents.models import Artefact, Execution, Step
from deployments import contents
from deployments.paths import checked_path, refuse_file_as_folder
from miosa.http.problem import NotFound, Unprocessable
from miosa.pg.reading import selected

MOST_FILES = 200
UNKNOWN = "application/octet-stream"
NEWEST = """
SELECT DISTINCT ON (path) * FROM agents_artefact WHERE execution_id = %s ORDER BY path, number DESC"""
REFERS = "SELECT FROM agents_artefact a WHERE a.tenant_id = c.tenant_id AND a.digest = c.digest"


def keep(
    execution_id: UUID, files: Mapping[str, bytes], *, origin: str, step_id: UUID | None = None
) -> dict[str, str]:
    """Store a new version of each path and return its SHA-256 by path; a path whose bytes are the same keeps its version.

    Raises:
        Unprocessable: a path or a size is not taken.
        StorageFull: the tenant's plan has no place left.
    """
    named = taken(files)
    with transaction.atomic():
        Execution.objects.select_for_update().get(pk=execution_id)
        digests = dict(zip(named, contents.put_all(named.values()), strict=True))
        newest = _newest(execution_id)
        refuse_file_as_folder({*newest, *named})
        Artefact.objects.bulk_create(
            Artefact(
                execution_id=execution_id,
                step_id=step_id,
                path=path,
                number=newest[path].number + 1 if path in newest else 1,
                digest=digest,
                size_bytes=len(named[path]),
                media_type=mimetypes.guess_type(path)[0] or UNKNOWN,
                origin=origin,
            )
            for path, digest in digests.items()
            if path not in newest or newest[path].digest != digest
        )
    return digests


def taken(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files by their paths in one spelling; raises Unprocessable for names and numbers that are not taken."""
    named = {checked_path(path): content for path, content in files.items()}
    if len(named) > MOST_FILES:
        raise Unprocessable(f"At most {MOST_FILES} files at once, not {len(named)}.")
    return named


def copy(origin_id: UUID, execution_id: UUID) -> None:
    """Give an execution the files that came from outside to the one it goes on from."""
    Artefact.objects.bulk_create(
        Artefact(
            execution_id=execution_id,
            path=one.path,
            number=1,
            digest=one.digest,
            size_bytes=one.size_bytes,
            media_type=one.media_type,
            origin=one.origin,
        )
        for one in originals(origin_id).values()
    )


def newest(execution_id: UUID) -> dict[str, Artefact]:
    """Return the newest version of each path of an execution of the current tenant."""
    return _newest(execution_id)


def before(step: Step) -> dict[str, Artefact]:
    """Return the newest version of each path as a step found them when it began."""
    rows = Artefact.objects.filter(execution_id=step.execution_id).exclude(step_id=step.pk)
    if step.started is not None:
        rows = rows.filter(created__lt=step.started)
    return {row.path: row for row in rows.order_by("path", "-number").distinct("path")}


def originals(execution_id: UUID) -> dict[str, Artefact]:
    """Return the files that came from outside, as they came: by a person's hand or from a repository."""
    origins = (Artefact.Origin.PERSON, Artefact.Origin.SOURCE)
    rows = Artefact.objects.filter(execution_id=execution_id, number=1, origin__in=origins).order_by("path")
    return {row.path: row for row in rows}


def listed(execution_id: UUID) -> QuerySet[Artefact]:
    """Return all versions, by path."""
    rows: QuerySet[Artefact] = Artefact.objects.filter(execution_id=execution_id).order_by("path", "number")
    return rows


def one(artefact_id: UUID) -> Artefact:
    """Return one artefact of the current tenant; raises NotFound."""
    row: Artefact | None = Artefact.objects.filter(pk=artefact_id).first()
    if row is None:
        raise NotFound("There is no such artefact.")
    return row


def read(artefact: Artefact) -> bytes:
    """Return its bytes."""
    return contents.read(artefact.digest)


def tell() -> None:
    """Let the sweep of contents know that artefacts refer to them."""
    contents.refers(REFERS)


def _newest(execution_id: UUID) -> dict[str, Artefact]:
    return {row.path: row for row in selected(Artefact, NEWEST, [execution_id])}
