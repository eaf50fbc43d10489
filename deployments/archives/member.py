"""One file of an archive, as its headers say; and what a mode of Unix tells."""

import stat
from dataclasses import dataclass

from deployments.archives.limits import ArchiveRefused
from deployments.paths import shown

LINKS_AND_DEVICES = {
    stat.S_IFLNK: "is a symbolic link",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
    stat.S_IFIFO: "is a pipe",
    stat.S_IFSOCK: "is a socket",
}
RAISES_RIGHTS = stat.S_ISUID | stat.S_ISGID


@dataclass(frozen=True, slots=True)
class Member:
    """`start` is where its bytes begin: in the unpacked tar, or in the zip file, of which it takes `packed`."""

    path: str
    size: int
    executable: bool
    start: int = 0
    packed: int = 0
    deflated: bool = False
    crc: int = 0


def refuse_mode(name: str, mode: int) -> None:
    """Raise ArchiveRefused for a mode that is not a plain file's or folder's."""
    if what := LINKS_AND_DEVICES.get(stat.S_IFMT(mode)):
        raise ArchiveRefused(f"{shown(name)} {what}; only files and folders are taken.")
    if mode & RAISES_RIGHTS:
        raise ArchiveRefused(
            f"{shown(name)} would run with another's rights (setuid, setgid); take that away."
        )
