"""Commands through the real SDK: output, exit codes, input, time, background, reconnecting, signals."""

import time

import pytest
from e2b import CommandExitException, NotFoundException, TimeoutException

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, sandbox_fixture, server_fixture  # noqa: F401
from miosa.embedded.processes import until

pytestmark = needs_boxes


def test_it_works(sandbox):
    """Both streams and the exit code come back."""
    result = sandbox.commands.run("echo out; echo err >&2")
    assert (result.stdout, result.stderr, result.exit_code, result.error) == ("out\n", "err\n", 0, None)


def test_a_failure_is_the_sdks_own_error(sandbox):
    """A command that fails raises with its code and both streams."""
    with pytest.raises(CommandExitException) as failed:
        sandbox.commands.run("echo some; echo wrong >&2; exit 3")
    assert (failed.value.exit_code, failed.value.stdout, failed.value.stderr) == (3, "some\n", "wrong\n")
    assert failed.value.error == "exit status 3"


def test_a_shell_runs_it(sandbox):
    """Pipes, loops, quotes and home work as in a login shell."""
    result = sandbox.commands.run('cd ~ && for n in 1 2 3; do echo "n $n"; done | tail -1; pwd')
    assert result.stdout == "n 3\n/home/user\n"


def test_variables_and_the_folder_are_given(sandbox):
    """A command sees its own variables, no other command does."""
    sandbox.files.make_dir("/home/user/here")
    result = sandbox.commands.run('echo "$COLOUR"; pwd', envs={"COLOUR": "blå"}, cwd="/home/user/here")
    assert result.stdout == "blå\n/home/user/here\n"
    assert sandbox.commands.run('echo "[$COLOUR]"').stdout == "[]\n"


def test_output_comes_while_it_runs(sandbox):
    """Callbacks hear a line before the command ends."""
    heard = []
    sandbox.commands.run(
        "echo first; sleep 0.4; echo second", on_stdout=lambda text: heard.append((text, time.monotonic()))
    )
    assert "".join(text for text, _ in heard) == "first\nsecond\n"
    assert heard[-1][1] - heard[0][1] > 0.25


def test_output_keeps_its_characters(sandbox):
    """Characters of several bytes survive however they are cut, and bytes that are none become replacements."""
    text = "æøå€𝄞" * 20_000
    sandbox.files.write("/home/user/long.txt", text)
    assert sandbox.commands.run("cat /home/user/long.txt").stdout == text
    assert sandbox.commands.run(r"printf 'a\377b'").stdout == "a\ufffdb"


def test_a_command_over_its_time_is_ended(sandbox):
    """The SDK says so, and nothing of it runs on."""
    with pytest.raises(TimeoutException):
        sandbox.commands.run("echo begun; exec sleep 4711", timeout=1)
    assert until(lambda: "4711" not in _running(sandbox), timeout_s=20)


def test_it_runs_in_the_background(sandbox):
    """A handle comes at once, is listed, and waits for the end."""
    handle = sandbox.commands.run("sleep 0.5; echo done", background=True)
    assert handle.pid in [process.pid for process in sandbox.commands.list()]
    assert handle.wait().stdout == "done\n"
    assert handle.pid not in [process.pid for process in sandbox.commands.list()]


def test_a_list_tells_what_runs(sandbox):
    """Program, arguments, folder and variables are those of the start."""
    handle = sandbox.commands.run("sleep 60", background=True, envs={"A": "1"}, cwd="/home/user")
    try:
        shown = next(process for process in sandbox.commands.list() if process.pid == handle.pid)
        assert (shown.cmd, shown.args[-1], shown.cwd) == ("/bin/bash", "sleep 60", "/home/user")
        assert shown.envs["A"] == "1"
    finally:
        handle.kill()


def test_input_is_sent(sandbox):
    """Text and bytes reach a program that waits for them; the end of the input ends it."""
    handle = sandbox.commands.run("cat", background=True, stdin=True)
    sandbox.commands.send_stdin(handle.pid, "one\n")
    sandbox.commands.send_stdin(handle.pid, "två\n".encode())
    sandbox.commands.close_stdin(handle.pid)
    assert handle.wait().stdout == "one\ntvå\n"


def test_input_is_streamed(sandbox):
    """Many pieces arrive in their order."""
    handle = sandbox.commands.run("cat | wc -l", background=True, stdin=True)
    sandbox.commands.stream_input(handle.pid, (f"line {n}\n" for n in range(500)))
    sandbox.commands.close_stdin(handle.pid)
    assert handle.wait().stdout.strip() == "500"


def test_without_input_a_program_reads_its_end(sandbox):
    """A command that was given no input does not wait for one."""
    assert sandbox.commands.run("cat; echo over", timeout=10).stdout == "over\n"


def test_a_kill_ends_it_with_all_it_started(sandbox):
    """Killing says whether there was something to kill; the wait ends with an error."""
    handle = sandbox.commands.run("sleep 3117 & sleep 3118; true", background=True)
    assert handle.kill() is True
    with pytest.raises(CommandExitException) as ended:
        handle.wait()
    assert ended.value.exit_code != 0
    assert "signal: killed" in (ended.value.error or "")
    assert sandbox.commands.kill(handle.pid) is False
    assert until(lambda: "sleep 3117" not in _running(sandbox), timeout_s=20)


def test_a_listener_may_leave_and_another_come(sandbox):
    """A program runs on without a listener; who connects later hears what comes from then on."""
    handle = sandbox.commands.run("for n in $(seq 1 60); do echo $n; sleep 0.05; done", background=True)
    handle.disconnect()
    again = sandbox.commands.connect(handle.pid)
    heard = again.wait().stdout.split()
    assert heard[-1] == "60"
    assert heard == [str(n) for n in range(int(heard[0]), 61)]


def test_what_is_not_there_is_not_found(sandbox):
    """Input, connections and killing of a number that nobody has."""
    with pytest.raises(NotFoundException):
        sandbox.commands.send_stdin(4_000_000, "x")
    with pytest.raises(NotFoundException):
        sandbox.commands.connect(4_000_000)
    assert sandbox.commands.kill(4_000_000) is False


def test_much_output_is_not_held_back(sandbox):
    """Ten megabytes pass; the count is exact."""
    heard = [0]
    sandbox.commands.run(
        "head -c 10000000 /dev/zero | tr '\\0' x",
        on_stdout=lambda text: heard.__setitem__(0, heard[0] + len(text)),
        retain_output=False,
    )
    assert heard[0] == 10_000_000


def test_many_run_side_by_side(sandbox):
    """Twenty at once, each with its own answer."""
    handles = [sandbox.commands.run(f"sleep 0.3; echo {n}", background=True) for n in range(20)]
    assert [handle.wait().stdout for handle in handles] == [f"{n}\n" for n in range(20)]


def _running(sandbox):
    return sandbox.commands.run(
        "for f in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < $f; done 2>/dev/null || true"
    ).stdout
