"""Code in a bubblewrap box: no network, no files of the host, its own processes, hard limits; fails closed."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from deployments.sandboxes.box_profile import KIB, MIB, SCRIPT, contents, program, sights, walls
from deployments.sandboxes.contract import NO_FILES, SandboxRefused, SandboxRun, SandboxUnavailable
from deployments.sandboxes.interpreter import Interpreter, interpreter
from deployments.sandboxes.syscall_filter import syscall_filter
from deployments.sandboxes.watched_process import Ending, Limits, watch

OUTPUT_BYTES = 64 * KIB  # kept of each stream
WRITE_BYTES = 16 * MIB  # written in all before the box is stopped
BOX_MEMORY_BYTES = 1024 * MIB  # of all its processes together
LONGEST_S = 120.0
MOST_FILES, INPUT_BYTES = 64, 4 * MIB
STOPPED_EXIT_CODE = 137  # 128 + SIGKILL
PROBE_S = 10.0

STOPPED = {
    "time": "the time was up",
    "output": f"more than {WRITE_BYTES // MIB} MiB were written",
    "memory": f"more than {BOX_MEMORY_BYTES // MIB} MiB of memory were used",
}
MISSING = (
    "bubblewrap is not installed here; install it (Debian: `apt-get install bubblewrap`) to execute code."
)
NO_PYTHON = "There is no Python here that a box could run; install python3 to execute code."


class Bubblewrap:
    """The sandbox of a bare machine; it finds the Python for its boxes unless one is given."""

    def __init__(self, python: Interpreter | None = None) -> None:
        self.python = python
        self._works = False

    def available(self) -> str | None:
        """None when a trial box worked, else the reason. Only success is remembered: what is missing may come."""
        if self._works:
            return None
        try:
            trial = self._open("print('open')", NO_FILES, PROBE_S)
        except SandboxUnavailable as error:
            return error.reason
        self._works = trial.stdout == b"open\n"
        return None if self._works else f"A trial box did not work: {_reason(trial)}"

    def run(self, code: str, *, files: Mapping[str, str] = NO_FILES, timeout_s: float = 10) -> SandboxRun:
        """Run `code` in a new box; see the contract. The time includes the opening of the box (about 20 ms)."""
        _check(code, files, timeout_s)
        if reason := self.available():
            raise SandboxUnavailable(reason)
        return _told(self._open(code, files, timeout_s))

    def _open(self, code: str, files: Mapping[str, str], timeout_s: float) -> Ending:
        binary, python = shutil.which("bwrap"), self.python or interpreter()
        if not binary or not python:
            raise SandboxUnavailable(NO_PYTHON if binary else MISSING)
        as_root = os.geteuid() == 0
        with contextlib.ExitStack() as stack:
            status = stack.enter_context(_memory_file())
            inside = {SCRIPT: code, **files}
            descriptors = {
                name: stack.enter_context(_memory_file(text.encode())) for name, text in inside.items()
            }
            guard = [stack.enter_context(_memory_file(rules))] if (rules := syscall_filter()) else []
            command = [
                *(binary, "--json-status-fd", str(status)),
                *(part for descriptor in guard for part in ("--seccomp", str(descriptor))),
                *walls(as_root=as_root),
                *sights(python),
                *contents(descriptors),
                # More CPU than wall-clock time: a loop ends by the clock and is told as such.
                *program(python, timeout_s + 1, as_root=as_root),
            ]
            ending = _started(command, [status, *guard, *descriptors.values()], timeout_s)
            if not (ending.stopped or _opened(status)):
                raise SandboxUnavailable(f"bubblewrap could not open a box: {_reason(ending)}")
            return ending


def _started(command: list[str], handed: Iterable[int], timeout_s: float) -> Ending:
    """The box's whole life. Its environment is empty from the start: /proc/1/environ shows it inside."""
    process = subprocess.Popen(  # noqa: S603  (no argument comes from outside but the names of files)
        command,
        env={},
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=tuple(handed),
        start_new_session=True,
    )
    with process:
        return watch(process, Limits(timeout_s, OUTPUT_BYTES, WRITE_BYTES, BOX_MEMORY_BYTES))


@contextlib.contextmanager
def _memory_file(content: bytes = b"") -> Iterator[int]:
    """A file without a name, ready to be read from its start: nothing of the box is ever on the host's disk."""
    descriptor = os.memfd_create("box")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)


def _opened(status: int) -> bool:
    """Whether bubblewrap reported the end of the program, which it does only if it started one."""
    lines = os.pread(status, KIB, 0).decode().splitlines()
    return any("exit-code" in json.loads(line) for line in lines)


def _check(code: str, files: Mapping[str, str], timeout_s: float) -> None:
    """Raises SandboxRefused."""
    if not 0 < timeout_s <= LONGEST_S:
        raise SandboxRefused(f"A box may run up to {LONGEST_S:.0f} s, not {timeout_s} s.")
    if len(files) > MOST_FILES:
        raise SandboxRefused(f"A box takes up to {MOST_FILES} files, not {len(files)}.")
    for name in files:
        _check_name(name)
    try:
        size = sum(len(text.encode()) for text in (code, *files, *files.values()))
    except UnicodeEncodeError:
        raise SandboxRefused("Code, file names and files must be valid text.") from None
    if size > INPUT_BYTES:
        raise SandboxRefused(
            f"A box takes up to {INPUT_BYTES // MIB} MiB of code and files, not {size} bytes."
        )


def _check_name(name: str) -> None:
    """A plain relative path, so that no name can lead out of the box's folder or look like another argument."""
    path = PurePosixPath(name)
    plain = str(path) == name and name != "." and not path.is_absolute() and ".." not in path.parts
    if not plain or name == SCRIPT or not name.isprintable():
        raise SandboxRefused(
            f"{name!r} is no name for a file in a box: use a relative path like `data/in.csv`."
        )


def _told(ending: Ending) -> SandboxRun:
    stdout, stderr = _text(ending.stdout, ending.written[0]), _text(ending.stderr, ending.written[1])
    if ending.stopped:
        stderr += f"\n[stopped: {STOPPED[ending.stopped]}]\n"
    return SandboxRun(
        exit_code=STOPPED_EXIT_CODE if ending.stopped else ending.exit_code,
        stdout=stdout,
        stderr=stderr,
        timed_out=ending.stopped == "time",
        duration_ms=round(ending.duration_s * 1000),
        truncated=max(ending.written) > OUTPUT_BYTES,
    )


def _text(kept: bytes, written: int) -> str:
    text = kept.decode(errors="replace").replace(
        "\0", "\ufffd"
    )  # PostgreSQL's text takes every character but this
    return (
        text if written <= len(kept) else f"{text}\n[truncated: {len(kept)} of {written} bytes are shown]\n"
    )


def _reason(ending: Ending) -> str:
    said = ending.stderr.decode(errors="replace").strip().splitlines()
    return said[-1] if said else f"it ended with {ending.exit_code} and said nothing."
