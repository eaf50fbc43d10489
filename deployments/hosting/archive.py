"""A release's files out of a tar archive: everything is checked against the list before the first is written."""

import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from deployments.hosting.errors import Refused
from deployments.hosting.names import check_path

FILE, PROGRAM, FOLDER = 0o644, 0o755, 0o755
COPY_BYTES = 1024 * 1024


def unpack(archive: IO[bytes], folder: Path, sizes: Mapping[str, int]) -> None:
    """Write exactly the listed files into a new folder. Raises Refused, and nothing is left then."""
    with _opened(archive) as tar:
        members = _checked(tar, sizes)
        folder.mkdir(parents=True, mode=FOLDER)
        try:
            for path, member in members.items():
                write_file(tar, member, folder / path)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _opened(archive: IO[bytes]) -> tarfile.TarFile:
    try:
        return tarfile.open(fileobj=archive, mode="r:")  # uncompressed only: it cannot grow
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise Refused("The files are no uncompressed tar archive.") from error


def _checked(tar: tarfile.TarFile, sizes: Mapping[str, int]) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    for member in _members(tar):
        path = member.name.removeprefix("./").rstrip("/")
        if member.isdir() and path in {"", "."}:
            continue
        check_path(path)
        if member.isdir():
            continue
        if not member.isreg() or member.issparse():
            raise Refused(f"{path!r} is no plain file: links, devices and pipes are not taken.")
        if path in found or sizes.get(path) != member.size:
            raise Refused(f"{path!r} is in the archive twice, or is not what the list of files says.")
        found[path] = member
    if missing := sizes.keys() - found.keys():
        raise Refused(f"{min(missing)!r} is in the list of files and not in the archive.")
    return found


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        yield from tar
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise Refused("The archive is damaged.") from error


def write_file(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    """Write one plain file; whatever lies at its path already is an error."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER)
    source = tar.extractfile(member)
    assert source is not None  # it is a plain file
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, PROGRAM if member.mode & 0o100 else FILE), "wb") as file:
        shutil.copyfileobj(source, file, COPY_BYTES)
        if file.tell() != member.size:
            raise Refused("The archive is cut short.")
