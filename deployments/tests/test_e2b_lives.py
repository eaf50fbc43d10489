"""The life of sandboxes through the real SDK: made, found, listed, prolonged, ended, and what is said when they are gone."""

import time
from datetime import UTC, datetime

import pytest
from e2b import NotFoundException, SandboxException, SandboxQuery, SandboxState, TimeoutException
from e2b.exceptions import SandboxNotFoundException, SandboxNotRunningException
from e2b_code_interpreter import Sandbox

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, sandbox_fixture, server_fixture  # noqa: F401
from miosa.embedded.processes import until

pytestmark = needs_boxes


def test_it_works(place):
    """A sandbox runs until it is killed, and killing says whether there was one."""
    sandbox = Sandbox.create(timeout=60, **place.options)
    assert sandbox.is_running()
    assert sandbox.kill() is True
    assert not sandbox.is_running()
    assert sandbox.kill() is False
    assert Sandbox.kill("i" + "0" * 19, **place.options) is False


def test_what_is_known_of_one(place):
    """Metadata, times, size and state are those it was made with."""
    before = datetime.now(UTC)
    with place.open(timeout=90, metadata={"purpose": "test æ", "n": "1"}) as sandbox:
        info = sandbox.get_info()
        assert (info.sandbox_id, info.metadata) == (sandbox.sandbox_id, {"purpose": "test æ", "n": "1"})
        assert info.state is SandboxState.RUNNING
        assert abs((info.end_at - info.started_at).total_seconds() - 90) < 2
        assert abs((info.started_at - before).total_seconds()) < 10
        assert info.cpu_count >= 1
        assert info.memory_mb >= 256


def test_variables_are_everywhere(place):
    """What was given at the start is there in every command."""
    with place.open(envs={"GREETING": "hej då"}) as sandbox:
        assert sandbox.commands.run('echo "$GREETING"').stdout == "hej då\n"
        assert sandbox.commands.run("echo $GREETING", envs={"GREETING": "other"}).stdout == "other\n"


def test_they_are_found_by_metadata_and_page_by_page(place):
    """A list is filtered, ordered and cut into pages; the pages together are the list."""
    mark = f"page {time.time_ns()} &=æ"
    made = [
        Sandbox.create(timeout=60, metadata={"mark": mark, "n": str(n)}, **place.options) for n in range(3)
    ]
    try:
        ids = [sandbox.sandbox_id for sandbox in made]
        query = SandboxQuery(metadata={"mark": mark})
        pages = Sandbox.list(query=query, limit=2, **place.options)
        first, second = pages.next_items(), pages.next_items()
        assert [len(first), len(second), pages.has_next] == [2, 1, False]
        assert {info.sandbox_id for info in first + second} == set(ids)
        rising = Sandbox.list(query=query, order="asc", **place.options).next_items()
        assert [info.sandbox_id for info in rising] == ids
        only = Sandbox.list(
            query=SandboxQuery(metadata={"mark": mark, "n": "1"}), **place.options
        ).next_items()
        assert [info.sandbox_id for info in only] == [ids[1]]
        paused = Sandbox.list(
            query=SandboxQuery(metadata={"mark": mark}, state=[SandboxState.PAUSED]), **place.options
        )
        assert paused.next_items() == []
    finally:
        for sandbox in made:
            sandbox.kill()


def test_it_ends_at_its_timeout(place):
    """Nobody asks, and it is gone; what is tried then is told as that."""
    with place.open(timeout=2) as sandbox:
        assert until(lambda: not sandbox.is_running(), timeout_s=15, interval_s=0.2)
        with pytest.raises(SandboxNotRunningException):
            sandbox.commands.run("true")


def test_its_life_is_prolonged_and_shortened(place):
    """The end moves to so many seconds from now."""
    with place.open(timeout=3) as sandbox:
        sandbox.set_timeout(100)
        left = (sandbox.get_info().end_at - datetime.now(UTC)).total_seconds()
        assert 90 < left < 105
        sandbox.set_timeout(1)
        assert until(lambda: not sandbox.is_running(), timeout_s=15, interval_s=0.2)


def test_another_client_connects(place):
    """Who knows the name has the same files; connecting prolongs, never shortens."""
    with place.open(timeout=50) as sandbox:
        sandbox.files.write("shared.txt", "seen by both")
        again = Sandbox.connect(sandbox.sandbox_id, timeout=10, **place.options)
        assert again.files.read("shared.txt") == "seen by both"
        assert (again.get_info().end_at - datetime.now(UTC)).total_seconds() > 30
        Sandbox.connect(sandbox.sandbox_id, timeout=200, **place.options)
        assert (again.get_info().end_at - datetime.now(UTC)).total_seconds() > 150


def test_a_kill_ends_what_runs_in_it(place):
    """A command that waits hears that its sandbox is gone."""
    with place.open() as sandbox:
        handle = sandbox.commands.run("sleep 60", background=True)
        sandbox.kill()
        with pytest.raises(TimeoutException):
            handle.wait()


def test_what_is_gone_is_not_found(place):
    """Every question about a sandbox that is not there has the SDK's own answer."""
    with place.open() as sandbox:
        sandbox.kill()
        with pytest.raises(SandboxNotFoundException):
            sandbox.get_info()
        with pytest.raises(SandboxNotFoundException):
            sandbox.set_timeout(10)
        with pytest.raises(NotFoundException):
            Sandbox.connect(sandbox.sandbox_id, **place.options)
        with pytest.raises(SandboxNotRunningException):
            sandbox.files.list("/home/user")
        with pytest.raises(SandboxNotRunningException):
            sandbox.files.read("x")
        with pytest.raises(SandboxException):
            sandbox.get_metrics()


def test_two_do_not_see_each_other(place):
    """Files, processes and variables of one are not those of another."""
    with place.open() as one, place.open() as other:
        one.files.write("secret.txt", "mine")
        handle = one.commands.run("sleep 2222", background=True)
        assert not other.files.exists("secret.txt")
        assert "2222" not in other.commands.run("cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout.replace(
            "cat", ""
        )
        assert other.commands.kill(handle.pid) is False or one.commands.kill(handle.pid) is True


def test_the_same_key_makes_one(place):
    """A create that is repeated with its idempotency key is the same sandbox; with another body it is refused."""
    key = f"create-{time.time_ns()}"
    first = Sandbox.create(timeout=60, metadata={"a": "1"}, idempotency_key=key, **place.options)
    try:
        again = Sandbox.create(timeout=60, metadata={"a": "1"}, idempotency_key=key, **place.options)
        assert again.sandbox_id == first.sandbox_id
        with pytest.raises(SandboxException):
            Sandbox.create(timeout=60, metadata={"a": "2"}, idempotency_key=key, **place.options)
    finally:
        first.kill()


def test_its_use_is_measured(place):
    """Processor, memory and disk, with their totals."""
    with place.open() as sandbox:
        found = []
        assert until(lambda: found.extend(sandbox.get_metrics()) or found, timeout_s=15, interval_s=0.5)
        sample = found[-1]
        assert sample.mem_total >= 256 * 1024 * 1024
        assert 0 < sample.mem_used < sample.mem_total
        assert 0 <= sample.disk_used < sample.disk_total
        assert sample.cpu_count >= 1


def test_a_template_that_is_none(place):
    """The name is in the answer."""
    with pytest.raises(SandboxException, match="no-such-template"):
        Sandbox.create("no-such-template", timeout=60, **place.options)
