"""The programs the host started: what they write, what is written to them, signals, their end."""

import errno
import os
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from .family import family, kill
from .launching import open_ends, set_size, start
from .program import Program
from .turning import CHUNK, READ, WRITE, Line, Loop

LATER = object()  # the answer comes when it is done
Answer = Callable[[int, Any], None]
END_OF_INPUT = b"\x04"


class Programs:
    """All of them, by the host's handle."""

    def __init__(self, loop: Loop, line: Line, answer: Answer) -> None:
        self._loop, self._line, self._answer = loop, line, answer
        self._by_handle: dict[int, Program] = {}
        self._by_pid: dict[int, Program] = {}

    def start(self, asked: dict[str, Any], _: bytes) -> dict[str, int]:
        """Start one; its events carry the handle the host chose."""
        ends = open_ends(asked)
        try:
            pid = start(asked, ends)
        except OSError:
            ends.close()
            raise
        program = Program(asked["of"], pid, ends, asked["credit"])
        self._by_handle[program.handle] = self._by_pid[pid] = program
        self._listen(program)
        return {"pid": pid}

    def credit(self, asked: dict[str, Any], _: bytes) -> None:
        """The host took so many bytes."""
        if program := self._by_handle.get(asked["of"]):
            program.credit += asked["bytes"]
            self._tell_said(program)
            self._listen(program)
            self._settle(program)

    def write(self, asked: dict[str, Any], data: bytes) -> object:
        """Write to its input or channel; answered when all of it is in."""
        program = self._found(asked)
        end = program.ends.channel if asked.get("to") == "channel" else program.ends.stdin
        if end is None:
            raise OSError(errno.ENOENT, "its input is closed")
        program.input.append((asked["id"], asked.get("to", "stdin"), memoryview(data)))
        self._feed(program)
        return LATER

    def close_input(self, asked: dict[str, Any], _: bytes) -> None:
        """The end of its input."""
        program = self._found(asked)
        ends = program.ends
        if ends.stdin is None:
            return
        if ends.terminal:
            os.write(ends.stdin, END_OF_INPUT)
            return
        self._loop.forget(ends.stdin)
        os.close(ends.stdin)
        ends.stdin = None
        self._refuse_input(program)

    def resize(self, asked: dict[str, Any], _: bytes) -> None:
        """Another size of its terminal."""
        program = self._found(asked)
        if not program.ends.terminal or program.ends.stdin is None:
            raise OSError(errno.ENOTDIR, "it has no terminal")
        set_size(program.ends.stdin, asked["columns"], asked["rows"])

    def signal(self, asked: dict[str, Any], _: bytes) -> None:
        """A signal to it; killing reaches all of its session and descent."""
        program = self._found(asked)
        if program.status is not None:
            raise ProcessLookupError(errno.ESRCH, "it ended")
        if asked["number"] == signal.SIGKILL:
            for pid in family(program.pid):
                kill(pid)
        else:
            os.kill(program.pid, asked["number"])

    def reap(self) -> None:
        """Take every child that ended: as process 1 we inherit all orphans."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if program := self._by_pid.pop(pid, None):
                program.status = status
                self._settle(program)

    def _found(self, asked: dict[str, Any]) -> Program:
        program = self._by_handle.get(asked["of"])
        if program is None:
            raise ProcessLookupError(errno.ESRCH, "it ended")
        return program

    def _listen(self, program: Program) -> None:
        for name, descriptor in program.ends.outputs.items():
            writing = WRITE if program.writes_to(descriptor) else 0
            if events := (READ if program.credit > 0 else 0) | writing:
                self._loop.watch(descriptor, events, partial(self._ready, program, name))
            else:
                self._loop.forget(descriptor)

    def _ready(self, program: Program, name: str) -> None:
        if program.input:
            self._feed(program)
        if name not in program.ends.outputs:
            return
        if self._line.congested:
            self._loop.forget(program.ends.outputs[name])
            self._line.when_free.append(lambda: self._listen(program))
            return
        if name == "channel":
            self._hear(program)
        else:
            self._take(program, name)
        self._settle(program)
        if program.credit <= 0:
            self._listen(program)

    def _hear(self, program: Program) -> bool:
        """Take some of what it says through its channel; whether there was any.

        What was printed before these words is told before them: it is in the other outputs by the time they are read.
        """
        if program.said:
            return False
        said = self._read(program, "channel")
        if said and not program.ended:
            program.said = said
            program.credit += len(said)  # it is paid for when it is told: what was printed goes before it
            self._tell_said(program)
        return bool(said)

    def _tell_said(self, program: Program) -> None:
        if not program.said:
            return
        for other in ("stdout", "stderr"):
            while self._take(program, other):
                pass
        if program.credit > 0 or not {"stdout", "stderr"} & program.ends.outputs.keys():
            said, program.said = program.said, b""
            program.credit -= len(said)
            self._line.tell({"of": program.handle, "event": "channel"}, said)

    def _take(self, program: Program, name: str) -> bool:
        """Pass some of one output on; whether there was any."""
        data = self._read(program, name)
        if data and not program.ended:
            self._line.tell({"of": program.handle, "event": name}, data)
        return bool(data)

    def _read(self, program: Program, name: str) -> bytes:
        descriptor = program.ends.outputs.get(name)
        if descriptor is None or (program.credit <= 0 and not program.ended):
            return b""
        try:
            data = os.read(descriptor, CHUNK if program.ended else min(CHUNK, program.credit))
        except BlockingIOError:
            return b""
        except OSError:  # a terminal whose programs are gone
            data = b""
        if not data:
            self._close_output(program, name)
        elif not program.ended:
            program.credit -= len(data)
        return data

    def _close_output(self, program: Program, name: str) -> None:
        descriptor = program.ends.outputs.pop(name)
        ends = program.ends
        self._loop.forget(descriptor)
        os.close(descriptor)
        if descriptor in {ends.stdin, ends.channel}:
            ends.stdin = None if descriptor == ends.stdin else ends.stdin
            ends.channel = None if descriptor == ends.channel else ends.channel
            self._refuse_input(program)

    def _settle(self, program: Program) -> None:
        """Tell the end, once all was told that it wrote. Who else holds its streams is read, but not told."""
        if program.status is None or program.ended:
            return
        while self._hear(program):
            pass
        for name in list(program.ends.outputs):
            while name != "channel" and self._take(program, name):
                pass
        if program.said or (program.credit <= 0 and program.ends.outputs):
            return
        program.ended = True
        self._by_handle.pop(program.handle, None)
        self._refuse_input(program)
        if program.ends.stdin is not None and not program.ends.terminal:
            self._loop.forget(program.ends.stdin)
            os.close(program.ends.stdin)
            program.ends.stdin = None
        program.credit = 1
        self._listen(program)
        self._line.tell({"of": program.handle, "event": "ended", "status": program.status})

    def _feed(self, program: Program) -> None:
        while program.input:
            number, to, data = program.input[0]
            end = program.ends.channel if to == "channel" else program.ends.stdin
            if end is None:
                self._refuse_input(program)
                return
            try:
                written = os.write(end, data)
            except BlockingIOError:
                self._await_room(program, end)
                return
            except OSError:  # it closed its input
                program.input.popleft()
                self._answer(number, OSError(errno.ENOENT, "its input is closed"))
                continue
            if written == len(data):
                program.input.popleft()
                self._answer(number, None)
            else:
                program.input[0] = (number, to, data[written:])
        if program.ends.stdin is not None and program.ends.stdin not in program.ends.outputs.values():
            self._loop.forget(program.ends.stdin)
        self._listen(program)

    def _await_room(self, program: Program, end: int) -> None:
        if end in program.ends.outputs.values():
            self._listen(program)
        else:
            self._loop.watch(end, WRITE, lambda: self._feed(program))

    def _refuse_input(self, program: Program) -> None:
        while program.input:
            self._answer(program.input.popleft()[0], OSError(errno.ENOENT, "its input is closed"))
