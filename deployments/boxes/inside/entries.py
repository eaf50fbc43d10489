"""Files and folders as the box's own user sees them: told, listed, made, moved, removed."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any

HIDDEN = ".miosa-part-"  # files that are being written
PAGE = 500  # entries in one frame
MOST_ENTRIES = 20_000
Tell = Callable[[dict[str, Any]], None]


def entry(path: str) -> dict[str, Any]:
    """Return what a stat tells. A link is told as what it leads to."""
    own = os.lstat(path)
    told: dict[str, Any] = {"name": os.path.basename(path), "path": path, "target": None}
    if stat.S_ISLNK(own.st_mode):
        told["target"] = os.readlink(path)
        try:
            seen = os.stat(path)
        except OSError:
            seen = own
    else:
        seen = own
    return told | {
        "kind": _kind(seen.st_mode),
        "size": seen.st_size,
        "mode": stat.S_IMODE(seen.st_mode),
        "uid": seen.st_uid,
        "gid": seen.st_gid,
        "modified_s": seen.st_mtime,
    }


def listed(path: str, depth: int) -> Iterator[list[dict[str, Any]]]:
    """Yield pages of the entries below a folder, which is not followed into links."""
    if not stat.S_ISDIR(os.stat(path).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "not a folder")
    page: list[dict[str, Any]] = []
    for count, found in enumerate(_below(path, depth)):
        if count >= MOST_ENTRIES:
            break
        try:
            page.append(entry(found))
        except OSError:  # it went away while we looked
            continue
        if len(page) >= PAGE:
            yield page
            page = []
    yield page


def make_dir(path: str) -> bool:
    """Make a folder and its parents; whether it was not there."""
    if os.path.isdir(path):
        return False
    try:
        os.makedirs(path)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, "a file is in the way") from error
    return True


def move(source: str, target: str) -> dict[str, Any]:
    """Rename; a file at the target is replaced, a folder is not."""
    os.lstat(source)
    if os.path.isdir(target) and not os.path.islink(target):
        raise FileExistsError(errno.EEXIST, "a folder of this name exists")
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.rename(source, target)
    return entry(target)


def remove(path: str) -> None:
    """Remove a file or link, or a folder with all in it."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.unlink(path)
        return
    for folder, folders, files in os.walk(path, topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
        for name in folders:
            inner = os.path.join(folder, name)
            (os.unlink if os.path.islink(inner) else os.rmdir)(inner)
    os.rmdir(path)


def _below(path: str, depth: int) -> Iterator[str]:
    waiting = [(path, 1)]
    while waiting:
        folder, level = waiting.pop()
        try:
            found = sorted(os.scandir(folder), key=lambda one: one.name)
        except OSError:
            if folder == path:
                raise
            continue
        for one in found:
            if not one.name.startswith(HIDDEN):
                yield one.path
                if level < depth and one.is_dir(follow_symlinks=False):
                    waiting.append((one.path, level + 1))


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"
