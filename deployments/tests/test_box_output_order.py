"""What a cell printed is never lost behind what it said, however the two pipes are read."""

import os

import pytest

from deployments.boxes.inside.launching import Ends
from deployments.boxes.inside.program import Program
from deployments.boxes.inside.programs import Programs


class Line:
    """Keeps what is told, in order."""

    congested = False

    def __init__(self):
        self.told = []
        self.when_free = []

    def tell(self, what, data=b""):
        self.told.append((what["event"], data))


class Loop:
    def watch(self, *_):
        pass

    def forget(self, *_):
        pass


@pytest.fixture
def pipes():
    """A program's stdout and channel: (reading, writing) of each."""
    made = {name: os.pipe() for name in ("stdout", "channel")}
    for reading, _ in made.values():
        os.set_blocking(reading, False)
    yield made
    for ends in made.values():
        for one in ends:
            os.close(one)


def programs_of(pipes, credit):
    line = Line()
    outputs = {name: reading for name, (reading, _) in pipes.items()}
    ends = Ends.__new__(Ends)
    ends.stdin = ends.channel = None
    ends.outputs = outputs
    program = Program(1, 1, ends, credit)
    programs = Programs(Loop(), line, lambda *_: None)
    programs._by_handle[1] = program
    return programs, program, line


def test_what_is_printed_while_the_channel_is_read_goes_before_the_end(pipes, monkeypatch):
    """The cell prints and ends between our two looks: its output is told before its end."""
    programs, program, line = programs_of(pipes, 1_000)
    os.write(pipes["channel"][1], b"count\n")
    real = os.read
    meanwhile = [(pipes["stdout"][1], b"a\n"), (pipes["channel"][1], b"done\n")]

    def read(descriptor, size):
        try:
            return real(descriptor, size)
        finally:
            while meanwhile:
                os.write(*meanwhile.pop(0))

    monkeypatch.setattr("deployments.boxes.inside.programs.os.read", read)
    programs._ready(program, "channel")
    programs._ready(program, "channel")
    told = b"".join(data for _, data in line.told)
    assert told.index(b"a\n") < told.index(b"done\n")
    assert sorted(told.split()) == [b"a", b"count", b"done"]


def test_a_channel_waits_for_what_the_host_has_no_room_for(pipes):
    """Credit for half of what was printed: the words come after the other half, and every byte is paid for once."""
    programs, program, line = programs_of(pipes, 4)
    os.write(pipes["stdout"][1], b"abcdefgh")
    os.write(pipes["channel"][1], b"done")
    programs._ready(program, "channel")
    assert line.told == [("stdout", b"abcd")]
    programs.credit({"of": 1, "bytes": 4}, b"")
    programs.credit({"of": 1, "bytes": 4}, b"")
    assert line.told == [("stdout", b"abcd"), ("stdout", b"efgh"), ("channel", b"done")]
    assert program.credit == 0
