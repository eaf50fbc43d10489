"""Terminals through the real SDK: a shell behind a pseudo-terminal, its size, its end."""

import re

import pytest
from e2b import CommandExitException, NotFoundException, PtySize

from deployments.tests.boxes import needs_boxes
from deployments.tests.e2b_places import place_fixture, sandbox_fixture, server_fixture  # noqa: F401

pytestmark = needs_boxes


def test_it_works(sandbox):
    """What is typed is run by a shell that sees a terminal of the size asked for."""
    terminal = sandbox.pty.create(PtySize(rows=30, cols=100), envs={"COLOUR": "red"})
    sandbox.pty.send_stdin(terminal.pid, b'stty size; tty; echo "[$COLOUR]"; exit\n')
    shown = _all(terminal)
    assert "30 100" in shown
    assert re.search(r"/dev/pts/\d+", shown)
    assert "[red]" in shown


def test_its_size_changes(sandbox):
    """A new size is what programs see from then on."""
    terminal = sandbox.pty.create(PtySize(rows=24, cols=80))
    sandbox.pty.resize(terminal.pid, PtySize(rows=50, cols=132))
    sandbox.pty.send_stdin(terminal.pid, b"stty size; exit\n")
    assert "50 132" in _all(terminal)


def test_it_is_killed(sandbox):
    """The listener hears the end; a second kill finds nothing."""
    terminal = sandbox.pty.create(PtySize(rows=24, cols=80))
    assert sandbox.pty.kill(terminal.pid) is True
    with pytest.raises(CommandExitException):
        terminal.wait()
    assert sandbox.pty.kill(terminal.pid) is False
    with pytest.raises(NotFoundException):
        sandbox.pty.send_stdin(terminal.pid, b"x")


def test_another_listener_may_come(sandbox):
    """Who connects to a running terminal hears what comes from then on."""
    terminal = sandbox.pty.create(PtySize(rows=24, cols=80))
    terminal.disconnect()
    again = sandbox.pty.connect(terminal.pid)
    sandbox.pty.send_stdin(terminal.pid, b"echo x$((40+2))x; exit\n")
    assert "x42x" in _all(again)


def _all(terminal):
    heard = bytearray()
    terminal.wait(on_pty=heard.extend)
    return heard.decode(errors="replace")
