"""Watching folders through the real SDK, asked (sync client) and told (async client)."""

import asyncio

import pytest
from e2b import FileNotFoundException, FilesystemEventType, NotFoundException, SandboxException
from e2b_code_interpreter import AsyncSandbox

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, sandbox_fixture, server_fixture  # noqa: F401
from miosa.embedded.processes import until

pytestmark = needs_boxes
CREATE, WRITE = FilesystemEventType.CREATE, FilesystemEventType.WRITE
REMOVE, RENAME, CHMOD = FilesystemEventType.REMOVE, FilesystemEventType.RENAME, FilesystemEventType.CHMOD


def test_it_works(sandbox):
    """What happens to a file in the folder is told, in its order."""
    sandbox.files.make_dir("watched")
    handle = sandbox.files.watch_dir("watched")
    seen = []
    sandbox.files.write("watched/a.txt", "1")
    sandbox.commands.run("cd watched && chmod 600 a.txt && mv a.txt b.txt && rm b.txt && mkdir sub")
    assert until(lambda: seen.extend(handle.get_new_events()) or (CREATE, "sub") in _told(seen), timeout_s=20)
    told = _told(seen)
    assert (CHMOD, "a.txt") in told
    assert (RENAME, "a.txt") in told
    assert (REMOVE, "b.txt") in told
    assert told.index((CHMOD, "a.txt")) < told.index((REMOVE, "b.txt")) < told.index((CREATE, "sub"))
    assert handle.get_new_events() == []
    handle.stop()
    with pytest.raises(SandboxException):
        handle.get_new_events()


def test_below_folders_as_well(sandbox):
    """A recursive watch sees folders that are made later; a plain one does not."""
    sandbox.files.make_dir("deep/there")
    plain, recursive = sandbox.files.watch_dir("deep"), sandbox.files.watch_dir("deep", recursive=True)
    seen = []
    sandbox.files.write("deep/there/new.txt", "x")
    assert until(
        lambda: seen.extend(recursive.get_new_events()) or "there/new.txt" in [e.name for e in seen],
        timeout_s=20,
    )
    assert "there/new.txt" not in [event.name for event in plain.get_new_events()]
    plain.stop()
    recursive.stop()


def test_the_entry_comes_along(sandbox):
    """What the entry is now is told with the event, where it was asked for."""
    sandbox.files.make_dir("with-entry")
    handle = sandbox.files.watch_dir("with-entry", include_entry=True)
    seen = []
    sandbox.commands.run("printf 12345 > with-entry/five.txt")
    assert until(lambda: seen.extend(handle.get_new_events()) or any(e.entry for e in seen), timeout_s=20)
    entry = next(event.entry for event in seen if event.entry)
    assert (entry.name, entry.size) == ("five.txt", 5)
    handle.stop()


def test_what_is_not_there_is_not_watched(sandbox):
    """A folder that is missing, a watcher that was never made."""
    with pytest.raises(FileNotFoundException):
        sandbox.files.watch_dir("no/such/folder")
    handle = sandbox.files.watch_dir("/home/user")
    handle.stop()
    handle._closed = False
    with pytest.raises(NotFoundException):
        handle.get_new_events()


def test_events_are_told_as_they_happen(place):
    """The async client is called for each event, and once at the end."""

    async def scene():
        sandbox = await AsyncSandbox.create(timeout=60, **place.options)
        try:
            await sandbox.files.make_dir("told")
            seen, ended = asyncio.Queue(), asyncio.Event()
            handle = await sandbox.files.watch_dir(
                "told", on_event=seen.put_nowait, on_exit=lambda _error: ended.set()
            )
            await sandbox.files.write("told/now.txt", "x")
            async with asyncio.timeout(5):
                while (await seen.get()).name != "now.txt":
                    pass
            await handle.stop()
            async with asyncio.timeout(5):
                await ended.wait()
        finally:
            await sandbox.kill()

    asyncio.run(scene())


def _told(events):
    return [(event.type, event.name) for event in events]
