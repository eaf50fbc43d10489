"""The journal where a disk is full and where its writer is killed inside a line, and the clerk that reads on."""

import json
import resource
import signal

import pytest

from miosa.embedded.processes import until
from routing.front_door.journal import ROOM_BYTES, File
from routing.front_door.reading import File as Read

NAME = "a-000001.jsonl"


def line(number, words=""):
    return json.dumps({"kind": "begun", "id": str(number), "words": words}).encode() + b"\n"


def numbers(read):
    return [found["id"] for found in read.lines()]


def test_a_disk_that_is_full_takes_no_part_of_a_line(tmp_path):
    """The line that has no room is refused whole; the next one finds the file as it was."""
    file = File(tmp_path / NAME)
    file.write(line(1))
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES + 5, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            file.write(line(2, "x" * ROOM_BYTES))
        file.write(line(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    file.write(line(4, "x" * ROOM_BYTES))
    file.close()
    read = Read(tmp_path / NAME)
    assert numbers(read) == ["1", "3", "4"]
    assert until(lambda: numbers(read) == [] and read.whole, timeout_s=20)
    assert (tmp_path / NAME).stat().st_size == file.size


def test_a_file_that_is_being_written_is_read_as_far_as_it_goes(tmp_path):
    """Line by line, over many times the room it began with; nothing is read twice, and nothing left out."""
    file, read, found = File(tmp_path / NAME), Read(tmp_path / NAME), []
    for number in range(300):
        file.write(line(number, "x" * (number * 40)))
        if number % 7 == 0:
            found += numbers(read)
            assert not read.whole
    file.close()
    while not read.whole:
        found += numbers(read)
    assert found == [str(number) for number in range(300)]
    assert file.size > 4 * ROOM_BYTES


@pytest.mark.parametrize("hole", [0, 1, 9, 30])
def test_a_line_that_was_being_written_ends_the_file(tmp_path, hole):
    """A killed writer leaves a line in part, in whatever order its bytes came: it is none, and the file is over."""
    path = tmp_path / NAME
    torn = bytearray(line(2))
    torn[hole : hole + 8] = bytes(8)
    path.write_bytes(line(1) + torn + bytes(1_000))
    read = Read(path)
    assert numbers(read) == ["1"]
    assert (numbers(read), read.whole) == ([], True)
