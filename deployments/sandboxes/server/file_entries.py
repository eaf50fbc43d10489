"""Entries and changes of a box's files, as the file system service tells them."""

import stat
from contextlib import suppress
from datetime import UTC, datetime

from e2b.envd.filesystem import filesystem_pb as wire
from protobuf.wkt import Timestamp

from deployments.boxes.contract import Box, FileChange, FileInfo
from deployments.boxes.errors import BoxError

TYPES = {"file": wire.FileType.FILE, "folder": wire.FileType.DIRECTORY, "link": wire.FileType.SYMLINK}
KINDS = {
    "create": wire.EventType.CREATE,
    "write": wire.EventType.WRITE,
    "remove": wire.EventType.REMOVE,
    "rename": wire.EventType.RENAME,
    "chmod": wire.EventType.CHMOD,
}
MARKS = {"file": stat.S_IFREG, "folder": stat.S_IFDIR, "link": stat.S_IFLNK}


def entry_of(info: FileInfo) -> wire.EntryInfo:
    """Return an entry; of a link the type is that of what it leads to, and its target is named."""
    mark = stat.S_IFLNK if info.target is not None else MARKS.get(info.kind, 0)
    return wire.EntryInfo(
        name=info.name,
        type=TYPES.get(info.kind, wire.FileType.UNSPECIFIED),
        path=info.path,
        size=info.size,
        mode=info.mode,
        permissions=stat.filemode(mark | info.mode),
        owner=info.owner,
        group=info.group,
        modified_time=Timestamp.from_datetime(datetime.fromtimestamp(info.modified_s, UTC)),
        symlink_target=info.target,
        is_symlink=info.target is not None,
    )


async def changed(box: Box, folder: str, change: FileChange, *, with_entry: bool) -> wire.FilesystemEvent:
    """Return a change, with what its entry is now if that was asked for and it is still there."""
    entry = None
    if with_entry and change.kind != "remove":
        with suppress(BoxError):
            entry = entry_of(await box.files.stat(f"{folder.rstrip('/')}/{change.name}"))
    return wire.FilesystemEvent(
        name=change.name, type=KINDS.get(change.kind, wire.EventType.UNSPECIFIED), entry=entry
    )
