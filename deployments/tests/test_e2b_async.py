"""The async client does all the sync one does; and several sandboxes at once keep apart."""

import asyncio

import pytest
from e2b import (
    AuthenticationException,
    CommandExitException,
    FileNotFoundException,
    PtySize,
    TimeoutException,
)
from e2b_code_interpreter import AsyncSandbox

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, server_fixture  # noqa: F401

pytestmark = needs_boxes
BOXES, COMMANDS = 8, 20


def test_commands(place):
    """Output, errors, input, background, kill and time."""

    async def scene(sandbox):
        assert (await sandbox.commands.run("echo hi")).stdout == "hi\n"
        with pytest.raises(CommandExitException):
            await sandbox.commands.run("exit 4")
        heard = []
        await sandbox.commands.run("echo one; echo two", on_stdout=heard.append)
        assert "".join(heard) == "one\ntwo\n"
        handle = await sandbox.commands.run("cat", background=True, stdin=True)
        await sandbox.commands.send_stdin(handle.pid, "typed\n")
        await sandbox.commands.close_stdin(handle.pid)
        assert (await handle.wait()).stdout == "typed\n"
        handle = await sandbox.commands.run("sleep 60", background=True)
        assert handle.pid in [process.pid for process in await sandbox.commands.list()]
        assert await handle.kill() is True
        with pytest.raises(CommandExitException):
            await handle.wait()
        with pytest.raises(TimeoutException):
            await sandbox.commands.run("sleep 30", timeout=0.5)

    _in_a_sandbox(place, scene)


def test_a_listener_leaves_and_another_comes(place):
    """Disconnecting leaves the program running."""

    async def scene(sandbox):
        handle = await sandbox.commands.run("sleep 0.6; echo late", background=True)
        await handle.disconnect()
        again = await sandbox.commands.connect(handle.pid)
        assert (await again.wait()).stdout == "late\n"

    _in_a_sandbox(place, scene)


def test_files(place):
    """Written, read, streamed, listed, moved and removed."""

    async def pieces():
        for n in range(100):
            yield f"{n}\n".encode()

    async def scene(sandbox):
        await sandbox.files.write("a.txt", "text")
        await sandbox.files.write_files(
            [{"path": "b/c.bin", "data": b"\0\1"}, {"path": "b/d.txt", "data": "d"}]
        )
        await sandbox.files.write("pieces.txt", pieces())
        assert await sandbox.files.read("a.txt") == "text"
        assert bytes(await sandbox.files.read("b/c.bin", format="bytes")) == b"\0\1"
        chunks = [chunk async for chunk in await sandbox.files.read("pieces.txt", format="stream")]
        assert b"".join(chunks).split() == [str(n).encode() for n in range(100)]
        assert [entry.name for entry in await sandbox.files.list("b")] == ["c.bin", "d.txt"]
        assert await sandbox.files.make_dir("b") is False
        assert (await sandbox.files.rename("a.txt", "z.txt")).name == "z.txt"
        assert (await sandbox.files.get_info("z.txt")).size == 4
        await sandbox.files.remove("z.txt")
        assert await sandbox.files.exists("z.txt") is False
        with pytest.raises(FileNotFoundException):
            await sandbox.files.read("z.txt")

    _in_a_sandbox(place, scene)


def test_a_terminal(place):
    """What is typed is run."""

    async def scene(sandbox):
        shown = bytearray()
        terminal = await sandbox.pty.create(PtySize(rows=24, cols=80), on_data=shown.extend)
        await sandbox.pty.send_stdin(terminal.pid, b"echo x$((6*7))x; exit\n")
        await terminal.wait()
        assert b"x42x" in shown

    _in_a_sandbox(place, scene)


def test_lives(place):
    """Listed, connected to, prolonged, measured and killed."""

    async def scene(sandbox):
        found = await AsyncSandbox.list(**place.options).next_items()
        assert sandbox.sandbox_id in [info.sandbox_id for info in found]
        again = await AsyncSandbox.connect(sandbox.sandbox_id, **place.options)
        await again.set_timeout(100)
        assert (await again.get_info()).metadata == {"a": "b"}
        assert await again.is_running()
        assert await again.kill() is True
        assert not await sandbox.is_running()

    _in_a_sandbox(place, scene)


def test_a_wrong_key(place):
    """It is the SDK's own error."""

    async def scene():
        with pytest.raises(AuthenticationException):
            await AsyncSandbox.create(**{**place.options, "api_key": "e2b_" + "0" * 40})

    asyncio.run(scene())


def test_several_at_once_keep_apart(place):
    """Eight sandboxes with twenty commands each: every answer is the one to its own question."""

    async def work(number):
        sandbox = await AsyncSandbox.create(timeout=120, envs={"BOX": str(number)}, **place.options)
        try:
            ran = (sandbox.commands.run(f"echo $BOX-{n}; echo {n} >> count.txt") for n in range(COMMANDS))
            answers = [result.stdout for result in await asyncio.gather(*ran)]
            assert answers == [f"{number}-{n}\n" for n in range(COMMANDS)]
            lines = (await sandbox.files.read("count.txt")).split()
            assert sorted(map(int, lines)) == list(range(COMMANDS))
        finally:
            await sandbox.kill()

    async def scene():
        await asyncio.gather(*(work(number) for number in range(BOXES)))

    asyncio.run(scene())


def _in_a_sandbox(place, scene):
    async def whole():
        sandbox = await AsyncSandbox.create(timeout=120, metadata={"a": "b"}, **place.options)
        try:
            await scene(sandbox)
        finally:
            await sandbox.kill()

    asyncio.run(whole())
