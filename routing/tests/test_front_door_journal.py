"""The journal where a disk is full and where a line is torn, and the clerk that reads on."""

import resource
import signal

import pytest

from miosa.embedded.processes import until
from routing.front_door.journal import File
from routing.front_door.reading import File as Read


def test_what_follows_a_torn_line_is_read(tmp_path):
    """A disk that is full tears a line; the next one stands by itself, and every whole line is read."""
    file = File(tmp_path / "a-000001.jsonl")
    file.write(b'{"kind":"begun","id":"1"}\n')
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.size + 5, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            file.write(b'{"kind":"begun","id":"2"}\n')
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    file.write(b'{"kind":"begun","id":"3"}\n')
    file.close()
    read = Read(tmp_path / "a-000001.jsonl")
    assert [line["id"] for line in read.lines()] == ["1", "3"]
    assert until(lambda: list(read.lines()) == [] and read.whole, timeout_s=2)
