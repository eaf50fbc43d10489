"""An archive file that is there whole or not at all."""

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tenants.archive import seal
from tenants.archive.errors import ArchiveRefused
from tenants.archive.limits import MOST_LINE_BYTES
from tenants.archive.rows import Tally

PRIVATE = 0o600
SAME_TIME = (1980, 1, 1, 0, 0, 0)  # the oldest a zip file knows: the same rows make the same bytes


@contextmanager
def drafted(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path` when the block ends well, and vanishes when it does not.

    Raise ArchiveRefused where `path` exists and is not forced, or where nothing can be written.
    """
    refuse_existing(path, force=force)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _put(draft, path, force=force)
    except OSError as error:
        raise ArchiveRefused(
            f"{path} cannot be written ({error.strerror}): free some space or correct the permissions, then try again."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise ArchiveRefused where something is there already."""
    if path.is_dir():
        raise ArchiveRefused(f"{path} is a folder: name the file to write.")
    if path.exists() and not force:
        raise ArchiveRefused(f"{path} is there already: name another file, or overwrite it with --force.")


def _put(draft: Path, path: Path, *, force: bool) -> None:
    if force:
        draft.replace(path)
        return
    try:
        path.hardlink_to(draft)  # unlike a rename it never takes the place of a file that came meanwhile
    except FileExistsError:
        refuse_existing(path, force=False)


@contextmanager
def packed(file: BinaryIO) -> Iterator[ZipFile]:
    """Yield the zip file inside; it is sealed at the end."""
    with ZipFile(file, "w", ZIP_DEFLATED) as package:
        yield package
        package.comment = seal.COMMENT
    seal.put_on(file)


def add(package: ZipFile, name: str, lines: Iterable[bytes]) -> Tally:
    """Write lines as they come, and return what they were."""
    entry = ZipInfo(name, SAME_TIME)
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, PRIVATE << 16
    tally = Tally()
    with package.open(entry, "w", force_zip64=True) as out:
        for line in lines:
            if len(line) > MOST_LINE_BYTES:
                raise ArchiveRefused(
                    f"A row of {name} has {len(line)} bytes, and an archive takes {MOST_LINE_BYTES}: "
                    "shorten or delete that row first."
                )
            tally.add(line)
            out.write(line)
    return tally
