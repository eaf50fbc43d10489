"""What is done in an open sandbox: a script, a cell or commands with their files; no database, no tenant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from deployments.sandboxes.contract import SandboxRefused
from deployments.sandboxes.e2b import OpenSandbox
from deployments.sandboxes.outcomes import STOPPED_EXIT_CODE, CellOutcome, CommandOutcome

HOME = "/home/user"
SCRIPT = "__main__.py"  # the folder itself is run, so that it is the first place where imports look
RUN_SCRIPT = f"exec python3 -X utf8 {HOME}"
LONGEST_S = 900.0
MIB = 1024 * 1024
MOST_FILES, INPUT_BYTES = 2_000, 64 * MIB
MOST_BROUGHT, BROUGHT_BYTES, BROUGHT_DEPTH = 500, 32 * MIB, 8
RESULT_BYTES = 2 * MIB  # of all rich results together


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done: `code` as a script or, with `kernel`, as a cell of that language; else `commands`."""

    code: str = ""
    kernel: str = ""
    commands: tuple[str, ...] = ()
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    timeout_s: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict)
    bring_back: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Performed:
    """How it ended. `output` is all that was printed, as it came; `files` what was brought back, by its path."""

    exit_code: int
    stdout: str
    stderr: str
    output: str
    timed_out: bool
    truncated: bool
    duration_ms: int
    results: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    commands: tuple[CommandOutcome, ...] = ()


def check(asked: Asked) -> None:
    """Raise SandboxRefused for what no sandbox takes."""
    if not 0 < asked.timeout_s <= LONGEST_S:
        raise SandboxRefused(f"A run may take up to {LONGEST_S:.0f} s, not {asked.timeout_s} s.")
    if len(asked.files) > MOST_FILES:
        raise SandboxRefused(f"A run takes up to {MOST_FILES} files, not {len(asked.files)}.")
    for name in (*asked.files, *asked.bring_back):
        _check_name(name)
    if asked.code and SCRIPT in asked.files and not asked.kernel:
        raise SandboxRefused(f"{SCRIPT!r} is the name of the code itself: call the file something else.")
    try:
        texts = (asked.code, *asked.commands, *asked.files)
        size = sum(len(text.encode()) for text in texts) + sum(map(_size, asked.files.values()))
    except UnicodeEncodeError:
        raise SandboxRefused("Code, file names and files must be valid text.") from None
    if size > INPUT_BYTES:
        raise SandboxRefused(
            f"A run takes up to {INPUT_BYTES // MIB} MiB of code and files, not {size} bytes."
        )


def perform(asked: Asked, sandbox: OpenSandbox) -> Performed:
    """Do what was asked in an open sandbox. Raise SandboxError where the sandbox or its server gives up."""
    script = {SCRIPT: asked.code} if asked.code and not asked.kernel else {}
    if files := {**asked.files, **script}:
        sandbox.write(files)
    if asked.kernel:
        done = _of_cell(sandbox.cell(asked.code, language=asked.kernel, timeout_s=asked.timeout_s))
    else:
        done = _of_commands(asked, sandbox.command, (RUN_SCRIPT,) if script else asked.commands)
    if not asked.bring_back:
        return done
    return Performed(
        **{name: getattr(done, name) for name in done.__slots__}
        | {"files": _brought(asked.bring_back, sandbox)}
    )


def _of_commands(asked: Asked, command: Callable[..., CommandOutcome], commands: Sequence[str]) -> Performed:
    """Run commands one after another until one fails; they share the time."""
    done: list[CommandOutcome] = []
    left_s = asked.timeout_s
    for text in commands:
        ended = command(text, timeout_s=max(left_s, 0.1), cwd=HOME, environment=asked.environment)
        done.append(ended)
        left_s -= ended.duration_ms / 1000
        if ended.exit_code:
            break
    last = done[-1]
    return Performed(
        exit_code=last.exit_code,
        stdout="".join(one.stdout for one in done),
        stderr="".join(map(_errors, done)),
        output=_printed(done),
        timed_out=last.timed_out,
        truncated=any(one.truncated for one in done),
        duration_ms=sum(one.duration_ms for one in done),
        commands=tuple(done),
    )


def _of_cell(cell: CellOutcome) -> Performed:
    failure = cell.error["traceback"] if cell.error else ""
    stopped = "\n[stopped: the time was up]\n" if cell.timed_out else ""
    stderr = cell.stderr + failure + stopped
    return Performed(
        exit_code=STOPPED_EXIT_CODE if cell.timed_out else int(cell.error is not None),
        stdout=cell.stdout,
        stderr=stderr,
        output=cell.stdout + stderr,
        timed_out=cell.timed_out,
        truncated=cell.truncated,
        duration_ms=cell.duration_ms,
        results=_within(cell.results),
    )


def _within(results: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """Return the results as far as they may be kept; what is too large is told by its size."""
    kept: list[Mapping[str, Any]] = []
    left = RESULT_BYTES
    for result in results:
        size = sum(len(str(value)) for value in result.values())
        kept.append(result if size <= left else {"text": f"[a result of {size} characters is not kept]"})
        left -= size if size <= left else 0
    return tuple(kept)


def _brought(names: Sequence[str], sandbox: OpenSandbox) -> dict[str, bytes]:
    """Read the files named, and those in the folders named; what is not there is left out. Raise SandboxRefused."""
    sizes: dict[str, int] = {}
    below = sandbox.entries(HOME, depth=BROUGHT_DEPTH)
    for name in names:
        sizes |= {path: size for path, size in below.items() if path == name or path.startswith(f"{name}/")}
    if len(sizes) > MOST_BROUGHT or sum(sizes.values()) > BROUGHT_BYTES:
        raise SandboxRefused(
            f"A run brings back up to {MOST_BROUGHT} files of {BROUGHT_BYTES // MIB} MiB in all,"
            f" not {len(sizes)} of {sum(sizes.values())} bytes."
        )
    return {path: sandbox.read(path) for path in sizes}


def _printed(done: Sequence[CommandOutcome]) -> str:
    if len(done) == 1:
        return done[0].output + _stop(done[0])
    return "".join(f"$ {one.command}\n{one.output}{_stop(one)}" for one in done)


def _errors(one: CommandOutcome) -> str:
    return one.stderr + _stop(one)


def _stop(one: CommandOutcome) -> str:
    return f"\n[stopped: {one.stopped}]\n" if one.stopped else ""


def _check_name(name: str) -> None:
    """A plain relative path: nothing of a run lies outside its home."""
    path = PurePosixPath(name)
    plain = str(path) == name and name != "." and not path.is_absolute() and ".." not in path.parts
    if not plain or not name.isprintable():
        raise SandboxRefused(
            f"{name!r} is no name for a file in a sandbox: use a relative path like `data/in.csv`."
        )


def _size(content: str | bytes) -> int:
    return len(content.encode() if isinstance(content, str) else content)
