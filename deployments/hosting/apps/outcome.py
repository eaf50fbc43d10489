"""What a build wrote, out of the archive its box handed over. Nobody vouches for that archive: all of it is checked."""

import shutil
import tarfile
from pathlib import Path, PurePosixPath
from typing import IO

from deployments.hosting.archive import FOLDER, write_file
from deployments.hosting.errors import Refused
from deployments.hosting.limits import MIB
from deployments.hosting.names import check_path

MOST_ENTRIES = 60_000  # a folder of Node's packages is large


def take_over(archive: IO[bytes], folder: Path, *, most_bytes: int, keep_links: bool) -> None:
    """Write files and folders, and links that stay inside if `keep_links`; the rest is left out. Raises Refused."""
    try:
        with tarfile.open(fileobj=archive, mode="r:") as tar:
            files, links = _sorted(tar, most_bytes)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True, mode=FOLDER)
            for path, member in files.items():
                if member.isdir():
                    (folder / path).mkdir(parents=True, exist_ok=True, mode=FOLDER)
                else:
                    write_file(tar, member, folder / path)
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Refused(f"What the build wrote cannot be kept: {error}") from error
    # Links come last: while files are written, no path leads through one.
    for path, target in links.items() if keep_links else ():
        place = folder / path
        # One whose folder is reached through a link would be made somewhere else.
        if (
            _stays_inside(path, target)
            and place.parent.resolve() == folder.resolve() / PurePosixPath(path).parent
        ):
            place.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER)
            place.symlink_to(target)


def _sorted(tar: tarfile.TarFile, most_bytes: int) -> tuple[dict[str, tarfile.TarInfo], dict[str, str]]:
    files: dict[str, tarfile.TarInfo] = {}
    links: dict[str, str] = {}
    total = 0
    for count, member in enumerate(tar):
        path = member.name.removeprefix("./").rstrip("/")
        total += member.size
        if count > MOST_ENTRIES or total > most_bytes:
            raise Refused(
                f"The build wrote more than {MOST_ENTRIES:,} files or {most_bytes // MIB} MiB: "
                "let it remove what the app does not need."
            )
        if path in {"", "."}:
            continue
        check_path(path)
        if member.isdir() or (member.isreg() and not member.issparse()):
            files[path] = member
        elif member.issym():
            links[path] = member.linkname
    return files, {path: target for path, target in links.items() if path not in files}


def _stays_inside(path: str, target: str) -> bool:
    if target.startswith("/") or not target:
        return False
    depth = len(PurePosixPath(path).parts) - 1
    for part in target.split("/"):
        depth += -1 if part == ".." else int(part not in {"", "."})
        if depth < 0:
            return False
    return True
