"""What is fetched becomes files of a project; what is pushed is a release. The network first, then one transaction."""

from dataclasses import dataclass
from uuid import UUID

from deployments import files, projects, releases
from deployments.files import Author, Changed, NewFile
from deployments.git.fetching import fetch
from deployments.git.pushing import Push, Pushed, push
from deployments.git.remotes import remote
from deployments.models import Release
from tenants import audit

AUTHOR = "MIOSA"
MOST_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class Imported:
    """The commit that was fetched, and what it changed."""

    commit: str
    changed: Changed


def import_files(project_id: UUID, *, url: str, ref: str, credential: str, author: Author) -> Imported:
    """Make a project's files those of a remote's commit; fetched again, it changes nothing.

    Raises NotFound, RemoteRefused, RemoteFailed, and what `files.write` raises.
    """
    projects.project(project_id)
    place = remote(url, credential)
    fetched = fetch(place, ref)
    new = (NewFile(path, content, mode) for path, (content, mode) in fetched.files.items())
    changed = files.write(project_id, new, author=author, whole=True)
    told = {"url": place.url, "ref": ref, "commit": fetched.commit, "files_version": changed.version}
    _record("project.imported", author.name, project_id, told)
    return Imported(fetched.commit, changed)


def push_release(
    release_id: UUID, *, url: str, branch: str, credential: str, message: str, actor: str
) -> Pushed:
    """Bring a release onto a branch of a remote as one commit; pushed again, nothing is pushed.

    Raises NotFound, RemoteRefused, RemoteFailed, RemoteMoved.
    """
    release = releases.release(release_id)
    place = remote(url, credential)
    bundle = releases.bundle_of(release)
    modes = {entry["path"]: bool(entry["executable"]) for entry in release.manifest}
    content = {path: (bundle.read(path), mode) for path, mode in modes.items()}
    pushed = push(place, Push(branch, content, _message(release, message), AUTHOR, release.created))
    told = {"url": place.url, "branch": branch, "commit": pushed.commit, "new": pushed.new}
    _record("release.pushed", actor, release.pk, told)
    return pushed


def _message(release: Release, said: str) -> str:
    first = said.strip() or f"Release {release.number} of {release.project.name}"
    trailers = f"Release: {release.number}\nRelease-Checksum: {release.checksum}\n"
    return f"{first}\n\n{trailers}"


def _record(action: str, actor: str, object_id: UUID, after: dict[str, object]) -> None:
    kind = action.partition(".")[0]
    audit.record(action, actor=actor, object_type=kind, object_id=object_id, after=after)
