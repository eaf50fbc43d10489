"""The files of a project, each with its versions; the only writer of FileVersion.

A change of many files has one number, the project's `files_version` after it: the tree as it was after change n is
what the versions up to n say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from deployments import contents, projects
from deployments.models import FileVersion, Project
from deployments.paths import checked_path, refuse_clashes, shown
from miosa.http.problem import Conflict, NotFound, Unprocessable

MOST_FILES = 5_000
MOST_PROJECT_BYTES = 256 * contents.MEBIBYTE


@dataclass(frozen=True, slots=True)
class Blob:
    """What a file is at one moment; `number` is the change that made it so, 0 where it is yet to be written."""

    digest: str
    size: int
    executable: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is to be written. `executable` None: as it was."""

    path: str
    content: bytes
    executable: bool | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What the writer last saw, so that nobody's change is overwritten unseen; None: whatever is there.

    `version` is the project's files_version, `number` that of the one file, 0 where it must not be there yet.
    """

    version: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes files: `user:<id>`, `key:<id>` or `agent:<kind>`, and in which execution."""

    name: str
    execution_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change was: the project's version after it, and the paths that are other than before."""

    version: int
    paths: tuple[str, ...]


Change = Mapping[str, Blob | None]  # None: the file goes
ANYTHING = Expected()


def write(
    project_id: UUID,
    new: Iterable[NewFile],
    *,
    author: Author,
    expected: Expected = ANYTHING,
    whole: bool = False,
) -> Changed:
    """Write files, all or none. `whole`: they are the project from now on, and what is not among them goes.

    Raises PathRefused, Unprocessable for limits, StorageFull, Conflict where it is not as expected, NotFound.
    """
    with transaction.atomic():
        blobs = _stored(new)
        project = projects.held(project_id)
        before = tree(project)
        gone: dict[str, Blob | None] = dict.fromkeys(before.keys() - blobs.keys()) if whole else {}
        kept = {path: _with_mode(blob, mode, before.get(path)) for path, (blob, mode) in blobs.items()}
        return _apply(project, {**gone, **kept}, before=before, author=author, expected=expected)


def delete(project_id: UUID, path: str, *, author: Author, expected: Expected = ANYTHING) -> Changed:
    """Take a file away; its versions stay. Raises NotFound, Conflict."""
    with transaction.atomic():
        project = projects.held(project_id)
        before = tree(project)
        _found(before, path)
        return _apply(project, {path: None}, before=before, author=author, expected=expected)


def rename(project_id: UUID, path: str, to: str, *, author: Author, expected: Expected = ANYTHING) -> Changed:
    """Give a file another path. Raises NotFound, PathRefused, Conflict also where one is there already."""
    with transaction.atomic():
        project = projects.held(project_id)
        before = tree(project)
        blob, new = _found(before, path), checked_path(to)
        if new in before:
            raise Conflict(f"There is a file {shown(new)} already.")
        return _apply(project, {path: None, new: blob}, before=before, author=author, expected=expected)


def restore(
    project_id: UUID, path: str, number: int, *, author: Author, expected: Expected = ANYTHING
) -> Changed:
    """Make a file what it was after change `number`, as a new version. Raises NotFound, Conflict."""
    with transaction.atomic():
        project = projects.held(project_id)
        before = tree(project)
        blob = _found(tree(project, at=number), path)
        return _apply(project, {path: blob}, before=before, author=author, expected=expected)


def tree(project: Project, *, at: int | None = None) -> dict[str, Blob]:
    """Return the files by path, sorted, as they are or as they were after change `at`."""
    rows = FileVersion.objects.filter(project_id=project.pk)
    if at is not None:
        rows = rows.filter(number__lte=at)
    newest = rows.order_by("path", "-number").distinct("path")
    found = newest.values_list("path", "digest", "size_bytes", "executable", "number")
    return dict(sorted((path, Blob(*blob)) for path, *blob in found if blob[0]))


def file(project: Project, path: str, *, at: int | None = None) -> Blob:
    """Return one file. Raises NotFound."""
    rows = FileVersion.objects.filter(project_id=project.pk, path=path)
    newest = (rows if at is None else rows.filter(number__lte=at)).order_by("-number").first()
    if newest is None or not newest.digest:
        raise NotFound("There is no such file in this project.")
    return Blob(newest.digest, newest.size_bytes, newest.executable, newest.number)


def bytes_of(blob: Blob) -> bytes:
    """Return what a file holds. Raises NotFound."""
    return contents.read(blob.digest)


def history(project: Project, path: str = "") -> QuerySet[FileVersion]:
    """Return the versions of one path, or of all."""
    rows: QuerySet[FileVersion] = FileVersion.objects.filter(project_id=project.pk)
    return rows.filter(path=path) if path else rows


def _stored(new: Iterable[NewFile]) -> dict[str, tuple[Blob, bool | None]]:
    """Store the bytes, a few at a time; return by path what they are."""
    told: list[tuple[str, int, bool | None]] = []

    def passing() -> Iterable[bytes]:
        total = 0
        for one in new:
            total += len(one.content)
            _refuse_size(len(told) + 1, total)
            told.append((checked_path(one.path), len(one.content), one.executable))
            yield one.content

    digests = contents.put_all(passing())
    refuse_clashes(path for path, _, _ in told)
    return {
        path: (Blob(digest, size), mode) for (path, size, mode), digest in zip(told, digests, strict=True)
    }


def _with_mode(blob: Blob, mode: bool | None, before: Blob | None) -> Blob:
    executable = bool(before and before.executable) if mode is None else mode
    return Blob(blob.digest, blob.size, executable)


def _apply(
    project: Project, change: Change, *, before: Mapping[str, Blob], author: Author, expected: Expected
) -> Changed:
    """Write what differs as one change; the project is held."""
    _refuse_unexpected(project, change, before, expected)
    differs = {path: blob for path, blob in change.items() if _same(before.get(path)) != _same(blob)}
    if not differs:
        return Changed(project.files_version, ())
    after = {path: blob for path, blob in {**before, **differs}.items() if blob is not None}
    refuse_clashes(after)
    _refuse_size(len(after), sum(blob.size for blob in after.values()))
    number = projects.next_files_version(project)
    FileVersion.objects.bulk_create(
        FileVersion(
            project=project,
            path=path,
            number=number,
            digest=blob.digest if blob else "",
            size_bytes=blob.size if blob else 0,
            executable=bool(blob and blob.executable),
            author=author.name,
            execution_id=author.execution_id,
        )
        for path, blob in sorted(differs.items())
    )
    return Changed(number, tuple(sorted(differs)))


def _refuse_unexpected(
    project: Project, change: Change, before: Mapping[str, Blob], expected: Expected
) -> None:
    if expected.version is not None and expected.version != project.files_version:
        raise Conflict(
            "The files have changed meanwhile; read them again.",
            extensions={"files_version": project.files_version},
        )
    if expected.number is None:
        return
    for path in change:
        number = before[path].number if path in before else 0
        if number != expected.number:
            raise Conflict(
                f"{shown(path)} has changed meanwhile; read it again.", extensions={"file_version": number}
            )


def _same(blob: Blob | None) -> tuple[str, bool] | None:
    return (blob.digest, blob.executable) if blob else None


def _found(before: Mapping[str, Blob], path: str) -> Blob:
    if (blob := before.get(path)) is None:
        raise NotFound("There is no such file in this project.")
    return blob


def _refuse_size(count: int, total: int) -> None:
    if count > MOST_FILES or total > MOST_PROJECT_BYTES:
        raise Unprocessable(
            f"A project has at most {MOST_FILES:,} files of {MOST_PROJECT_BYTES // contents.MEBIBYTE} MiB together."
        )
