"""From a commit to the files of its tree: plain files under plain names, or a refusal that names what is not."""

import stat
from collections.abc import Iterator

from dulwich.object_store import MemoryObjectStore
from dulwich.objects import Blob, Commit, ObjectID, Tag, Tree

from deployments.archives.limits import ArchiveRefused
from deployments.archives.member import refuse_mode
from deployments.git.errors import RemoteFailed, RemoteRefused
from deployments.git.limits import GitLimits
from deployments.paths import PathRefused, checked_path, refuse_clashes, shown

SUBMODULE = 0o160000


def commit_of(store: MemoryObjectStore, name: ObjectID, limits: GitLimits) -> Commit:
    """Return the commit that a name leads to, through tags."""
    for _ in range(limits.tags + 1):
        found = _object(store, name)
        if isinstance(found, Commit):
            return found
        if not isinstance(found, Tag):
            break
        name = found.object[1]
    raise RemoteRefused("The reference does not lead to a commit.")


def files_of(store: MemoryObjectStore, commit: Commit, limits: GitLimits) -> dict[str, tuple[bytes, bool]]:
    """Return content and executability of each file by its path. Raises RemoteRefused, RemoteFailed.

    Trees may hold each other many times over: what counts is what comes out of them.
    """
    found: dict[str, tuple[bytes, bool]] = {}
    total = 0
    try:
        for path, mode, name in _entries(store, commit.tree, limits):
            blob = _object(store, name)
            if not isinstance(blob, Blob):
                raise RemoteFailed(f"What the remote sent is broken: {shown(path)} is no file.")
            content = blob.as_raw_string()
            total += len(content)
            limits.tree.refuse_size(shown(path), len(content), total)
            found[path] = (content, bool(mode & stat.S_IXUSR))
        refuse_clashes(found)
    except (ArchiveRefused, PathRefused) as error:
        raise RemoteRefused(str(error)) from error
    return found


def _entries(
    store: MemoryObjectStore, root: ObjectID, limits: GitLimits
) -> Iterator[tuple[str, int, ObjectID]]:
    waiting, count = [("", root, 0)], 0
    while waiting:
        folder, name, depth = waiting.pop()
        tree = _object(store, name)
        if not isinstance(tree, Tree):
            raise RemoteFailed("What the remote sent is broken: a folder is none.")
        for entry in tree.iteritems():
            count += 1
            limits.tree.refuse_count(count)
            path = _joined(folder, entry.path)
            if entry.mode == SUBMODULE:
                raise RemoteRefused(f"{shown(path)} is a submodule; bring its files in, or take it out.")
            refuse_mode(path, entry.mode)
            if stat.S_ISDIR(entry.mode):
                if depth >= limits.depth:
                    raise RemoteRefused(f"{shown(path)}: folders lie at most {limits.depth} deep.")
                waiting.append((path, entry.sha, depth + 1))
            else:
                yield checked_path(path), entry.mode, entry.sha


def _joined(folder: str, name: bytes) -> str:
    try:
        text = name.decode()
    except UnicodeDecodeError:
        raise RemoteRefused(f"{shown(repr(name))} is no name in UTF-8.") from None
    if "/" in text:
        raise RemoteRefused(f"{shown(text)}: a name holds no slash.")
    return f"{folder}/{text}" if folder else text


def _object(store: MemoryObjectStore, name: ObjectID) -> object:
    try:
        return store[name]
    except Exception as error:  # the library raises whatever its parsers meet
        raise RemoteFailed("What the remote sent is not whole: an object is missing or broken.") from error
