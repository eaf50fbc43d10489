"""The file system service: what lies in a box is told, made, moved, removed and watched."""

from collections.abc import AsyncIterator
from contextlib import suppress

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b.envd.filesystem import filesystem_pb as wire
from e2b.envd.filesystem.filesystem_connect import Filesystem as FilesystemService

from deployments.boxes.errors import NotFound
from deployments.sandboxes.server.box_errors import told
from deployments.sandboxes.server.calls import Context, keepalive_s, room_of_call
from deployments.sandboxes.server.file_entries import changed, entry_of
from deployments.sandboxes.server.messages import watch_event
from deployments.sandboxes.server.places import place
from deployments.sandboxes.server.quiet import DeadlineOver, with_signs
from deployments.sandboxes.server.rooms import Rooms
from deployments.sandboxes.server.watchers import Watcher, watchers_of


class Filesystem(FilesystemService):
    """The SDK's generated service, over the boxes that are open."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def stat(self, request: wire.StatRequest, context: Context, /) -> wire.StatResponse:
        """Tell about one entry."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id):
            return wire.StatResponse(entry=entry_of(await room.box.files.stat(place(request.path))))

    async def make_dir(self, request: wire.MakeDirRequest, context: Context, /) -> wire.MakeDirResponse:
        """Make a folder with those above it; one that is there already is told as an error."""
        room, path = room_of_call(self._rooms, context), place(request.path)
        with told(room.sandbox_id):
            if not await room.box.files.make_dir(path):
                raise ConnectError(Code.ALREADY_EXISTS, f"directory already exists: {path}")
            return wire.MakeDirResponse(entry=entry_of(await room.box.files.stat(path)))

    async def move(self, request: wire.MoveRequest, context: Context, /) -> wire.MoveResponse:
        """Rename an entry."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id):
            moved = await room.box.files.move(place(request.source), place(request.destination))
            return wire.MoveResponse(entry=entry_of(moved))

    async def list_dir(self, request: wire.ListDirRequest, context: Context, /) -> wire.ListDirResponse:
        """Tell what lies in a folder."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id):
            found = await room.box.files.list(place(request.path), depth=request.depth or 1)
            return wire.ListDirResponse(entries=[entry_of(info) for info in found])

    async def remove(self, request: wire.RemoveRequest, context: Context, /) -> wire.RemoveResponse:
        """Remove an entry with all in it; what is not there is no error."""
        room = room_of_call(self._rooms, context)
        with told(room.sandbox_id), suppress(NotFound):
            await room.box.files.remove(place(request.path))
        return wire.RemoveResponse()

    async def watch_dir(
        self, request: wire.WatchDirRequest, context: Context, /
    ) -> AsyncIterator[wire.WatchDirResponse]:
        """Tell what changes below a folder, as it happens."""
        room, path = room_of_call(self._rooms, context), place(request.path)
        limit_ms = context.timeout_ms
        with told(room.sandbox_id):
            changes = await room.box.files.watch(path, recursive=request.recursive)
            yield watch_event("start", wire.WatchDirResponse.StartEvent())
            limit_s = None if limit_ms is None else limit_ms / 1000
            stream = with_signs(changes, every_s=keepalive_s(context), deadline_s=limit_s)
            try:
                async for change in stream:
                    if change is None:
                        yield watch_event("keepalive", wire.WatchDirResponse.KeepAlive())
                        continue
                    event = await changed(room.box, path, change, with_entry=request.include_entry)
                    yield watch_event("filesystem", event)
            except DeadlineOver:
                raise ConnectError(Code.DEADLINE_EXCEEDED, "The time of this watch is over.") from None
            finally:
                await stream.aclose()  # type: ignore[attr-defined]  # an asynchronous generator

    async def create_watcher(
        self, request: wire.CreateWatcherRequest, context: Context, /
    ) -> wire.CreateWatcherResponse:
        """Begin to gather changes, to be asked for later."""
        room, path = room_of_call(self._rooms, context), place(request.path)
        watchers_of(room).refuse_too_many()
        with told(room.sandbox_id):
            changes = await room.box.files.watch(path, recursive=request.recursive)
        watcher = Watcher(room.box, path, changes, with_entry=request.include_entry)
        return wire.CreateWatcherResponse(watcher_id=watchers_of(room).keep(watcher))

    async def get_watcher_events(
        self, request: wire.GetWatcherEventsRequest, context: Context, /
    ) -> wire.GetWatcherEventsResponse:
        """Tell what was gathered since the last time."""
        room = room_of_call(self._rooms, context)
        found = watchers_of(room).of(request.watcher_id)
        return wire.GetWatcherEventsResponse(events=await found.taken())

    async def remove_watcher(
        self, request: wire.RemoveWatcherRequest, context: Context, /
    ) -> wire.RemoveWatcherResponse:
        """Gather no more."""
        room = room_of_call(self._rooms, context)
        await watchers_of(room).remove(request.watcher_id)
        return wire.RemoveWatcherResponse()
