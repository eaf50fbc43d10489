"""Push files as one commit onto a branch of a remote; what is there already stays in its history."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from dulwich.errors import GitProtocolError, HangupException, SendPackError
from dulwich.index import commit_tree
from dulwich.object_store import MemoryObjectStore
from dulwich.objects import Blob, Commit, ObjectID
from dulwich.pack import UnpackedObject, pack_objects_to_data
from dulwich.refs import Ref

from deployments.git.errors import RemoteFailed, RemoteMoved, RemoteRefused
from deployments.git.fetching import objects, refuse_ref
from deployments.git.limits import LIMITS, GitLimits
from deployments.git.remotes import Remote
from deployments.git.transport import GuardedGit
from deployments.git.trees import commit_of
from deployments.paths import shown

PLAIN, EXECUTABLE = 0o100644, 0o100755
WITHOUT_FILES = b"tree:0"  # where the remote can: only the commit is looked at


@dataclass(frozen=True, slots=True)
class Push:
    """What is to be there: the files, and who says what about them; `at` makes the same push the same commit."""

    branch: str
    files: Mapping[str, tuple[bytes, bool]]
    message: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pushed:
    """The commit at the branch, and whether it is new: where the files are there already, nothing is pushed."""

    commit: str
    new: bool


def push(remote: Remote, wanted: Push, *, limits: GitLimits = LIMITS) -> Pushed:
    """Bring the files onto the branch. Raises RemoteRefused, RemoteFailed, RemoteMoved."""
    refuse_ref(wanted.branch)
    with GuardedGit(remote, limits=limits) as client:
        offer = _Offer(client, remote, wanted, limits)
        try:
            result = client.send_pack("", offer.updates, offer.pack)
        except SendPackError as error:
            raise RemoteFailed(f"The remote did not take the files: {_words(error)}.") from error
        except (GitProtocolError, HangupException, AssertionError, ValueError, KeyError) as error:
            raise RemoteFailed("The remote does not answer as a git server does.") from error
    if fault := (result.ref_status or {}).get(offer.ref):
        raise _refused(fault, wanted.branch)
    return offer.outcome()


class _Offer:
    """What is offered to the remote, once it has said where its branches are."""

    def __init__(self, client: GuardedGit, remote: Remote, wanted: Push, limits: GitLimits) -> None:
        self._client, self._remote, self._wanted, self._limits = client, remote, wanted, limits
        self._store, self._tree = _tree(wanted.files)
        self._commit = self._standing = ""
        self.ref = Ref(f"refs/heads/{wanted.branch}".encode())

    def updates(self, refs: Mapping[Ref, ObjectID]) -> dict[Ref, ObjectID]:
        """Return what shall change: nothing, where the files are there already."""
        if self._client.dumb:
            raise RemoteRefused("The remote only shows files; it does not speak as a git server.")
        head = refs.get(self.ref)
        if head is not None and _tree_at(self._remote, head, self._limits) == self._tree:
            self._standing = head.decode()
            return {}
        commit = _commit(self._wanted, self._tree, head)
        self._store.add_object(commit)
        self._commit = commit.id.decode()
        return {self.ref: commit.id}

    def pack(
        self,
        have: AbstractSet[ObjectID],
        want: AbstractSet[ObjectID],
        *,
        ofs_delta: bool = False,
        progress: Callable[[bytes], None] | None = None,
    ) -> tuple[int, Iterator[UnpackedObject]]:
        """Return all objects: that the remote has some of them does no harm."""
        del have, want, ofs_delta, progress
        return pack_objects_to_data([self._store[name] for name in self._store], deltify=False)

    def outcome(self) -> Pushed:
        """Return what stands at the branch."""
        return Pushed(self._standing or self._commit, new=not self._standing)


def _tree(files: Mapping[str, tuple[bytes, bool]]) -> tuple[MemoryObjectStore, ObjectID]:
    store, entries = MemoryObjectStore(), []
    for path, (content, executable) in sorted(files.items()):
        blob = Blob.from_string(content)
        store.add_object(blob)
        entries.append((path.encode(), blob.id, EXECUTABLE if executable else PLAIN))
    return store, commit_tree(store, entries)


def _tree_at(remote: Remote, head: ObjectID, limits: GitLimits) -> ObjectID:
    store, name = objects(remote, lambda _refs: head, limits=limits, filter_spec=WITHOUT_FILES)
    tree: ObjectID = commit_of(store, name, limits).tree
    return tree


def _commit(wanted: Push, tree: ObjectID, head: ObjectID | None) -> Commit:
    commit = Commit()
    commit.tree = tree
    commit.parents = [head] if head is not None else []
    commit.author = commit.committer = f"{wanted.author} <>".encode()
    commit.author_time = commit.commit_time = int(wanted.at.timestamp())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = wanted.message.encode()
    return commit


def _refused(fault: str, branch: str) -> RemoteMoved | RemoteRefused:
    if any(
        word in fault.lower() for word in ("fetch first", "non-fast-forward", "failed to", "stale", "lock")
    ):
        return RemoteMoved(f"The branch {shown(branch)} has moved meanwhile, push again: {_words(fault)}.")
    return RemoteRefused(f"The remote refuses to change {shown(branch)}: {_words(fault)}.")


def _words(error: object) -> str:
    """Return what the remote said, as it may stand in a message."""
    text = error.args[0] if isinstance(error, Exception) and error.args else error
    said = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return shown(said.strip().rstrip("."))
