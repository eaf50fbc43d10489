"""Fetch the files of one commit from a remote: a branch, a tag, or a commit by its id; its history is not asked for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dulwich.errors import GitProtocolError, HangupException
from dulwich.object_store import MemoryObjectStore
from dulwich.objects import ObjectID
from dulwich.refs import Ref

from deployments.git import packs, trees
from deployments.git.errors import RemoteFailed, RemoteRefused
from deployments.git.limits import LIMITS, GitLimits
from deployments.git.remotes import Remote
from deployments.git.transport import GuardedGit
from deployments.paths import shown

COMMIT = re.compile(r"[0-9a-f]{40}")
REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@+=#-]{0,199}")
HEAD = Ref(b"HEAD")
Refs = Mapping[Ref, ObjectID]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a remote holds at a reference."""

    commit: str
    files: Mapping[str, tuple[bytes, bool]]


def fetch(remote: Remote, ref: str = "", *, limits: GitLimits = LIMITS) -> Fetched:
    """Return the files at `ref`, without one at the remote's own branch. Raises RemoteRefused, RemoteFailed."""
    refuse_ref(ref)
    store, name = objects(remote, lambda refs: chosen(refs, ref), limits=limits)
    commit = trees.commit_of(store, name, limits)
    return Fetched(commit.id.decode(), trees.files_of(store, commit, limits))


def objects(
    remote: Remote, choose: Any, *, limits: GitLimits, filter_spec: bytes | None = None
) -> tuple[MemoryObjectStore, ObjectID]:
    """Return what the remote sends for the object that `choose` takes out of its references, and that object's name."""
    taken, wanted = packs.Taken(limits), []
    with GuardedGit(remote, limits=limits) as client:

        def wants(refs: Refs, depth: int | None = None) -> list[ObjectID]:
            del depth
            if client.dumb:
                raise RemoteRefused("The remote only shows files; it does not speak as a git server.")
            wanted.append(choose(refs))
            return wanted

        try:
            client.fetch_pack("", wants, _Nothing(), taken.write, depth=1, filter_spec=filter_spec)
        except (GitProtocolError, HangupException, AssertionError, ValueError, KeyError) as error:
            raise RemoteFailed(
                "The remote does not answer as a git server does, or refuses this reference."
            ) from error
    return packs.unpacked(taken.whole(), limits), wanted[0]


def chosen(refs: Refs, ref: str) -> ObjectID:
    """Return the object that a reference names: a branch before a tag, then a commit's id."""
    if not ref:
        name = refs.get(HEAD)
        if name is None:
            raise RemoteRefused("The remote has no branch of its own yet; name one as `ref`.")
        return name
    for full in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
        if (found := refs.get(Ref(full.encode()))) is not None:
            return found
    if COMMIT.fullmatch(ref):
        return ObjectID(ref.encode())
    raise RemoteRefused(f"The remote has no branch and no tag {shown(ref)}.")


def refuse_ref(ref: str) -> None:
    """Raise RemoteRefused for what cannot be a branch, a tag or a commit."""
    odd = ".." in ref or "@{" in ref or "//" in ref or ref.endswith((".lock", "/", "."))
    if ref and (odd or not REF.fullmatch(ref)):
        raise RemoteRefused(f"{shown(ref)} is no name of a branch, a tag or a commit.")


class _Nothing:
    """Walks what we have already: nothing."""

    def ack(self, sha: ObjectID) -> None:
        """Take note of a common commit; there is none."""

    def nak(self) -> None:
        """As above."""

    def __iter__(self) -> "_Nothing":
        return self

    def __next__(self) -> ObjectID | None:
        return None
