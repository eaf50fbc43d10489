"""Run code and commands in the sandbox, beside the files of the step; what they change there is kept."""

from collections.abc import Mapping
from typing import Any

from agents.contract.tools import Effect, Returned
from agents.tools.contract import Hands, Replays, Tool, ToolRefused, parameters
from deployments import execution as deployments
from deployments.approval_rules import RUNS
from deployments.contents import digest_of
from deployments.sandbox_runs_performing import Performed
from deployments.sandboxes.contract import SandboxRefused, SandboxUnavailable
from miosa.http.problem import Problem

FOLDER, SCRIPT = "work", ".run.py"
MOST_S = 300
LEFTOVERS = ("__pycache__/", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".config/", ".cache/")
TIMEOUT = {"type": "integer", "minimum": 1, "maximum": MOST_S, "description": "seconds, 60 without it"}


def _python(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    script = {f"{FOLDER}/{SCRIPT}": str(arguments["code"]).encode()}
    return _run(f"python3 -X utf8 {SCRIPT}", arguments, hands, beside=script)


def _command(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    return _run(str(arguments["command"]), arguments, hands, beside={})


def _run(
    command: str, arguments: Mapping[str, Any], hands: Hands, *, beside: Mapping[str, bytes]
) -> Returned:
    before = {f"{FOLDER}/{path}": content for path, content in hands.workspace.read_all().items()}
    try:
        done = deployments.run_program(
            {f"{FOLDER}/.keep": b"", **before, **beside},
            [f"cd {FOLDER} && {command}"],
            timeout_s=arguments.get("timeout_s", 60),
            bring_back=(FOLDER,),
            **hands.account,
        )
    except (SandboxUnavailable, SandboxRefused) as error:
        raise ToolRefused(str(error)) from error
    try:
        changed, lost = hands.workspace.keep(_changed(done, before)), ""
    except Problem as error:
        changed, lost = {}, f"\nnone of the files it wrote is kept: {error}"
    return Returned(
        _told(done, changed, lost),
        ok=done.exit_code == 0 and not done.timed_out and not lost,
        origin="code run in the sandbox",
        data={"exit_code": done.exit_code, "timed_out": done.timed_out, "duration_ms": done.duration_ms},
        files=changed,
    )


def _changed(done: Performed, before: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what the run left that was not there before, by its path in the workspace."""
    known = {path: digest_of(content) for path, content in before.items()}
    own = {f"{FOLDER}/.keep", f"{FOLDER}/{SCRIPT}"}
    return {
        path.removeprefix(f"{FOLDER}/"): content
        for path, content in done.files.items()
        if path not in own
        and not any(one in f"{path}/" for one in LEFTOVERS)
        and known.get(path) != digest_of(content)
    }


def _told(done: Performed, changed: Mapping[str, str], lost: str) -> str:
    ended = "stopped: its time was over" if done.timed_out else f"exit code {done.exit_code}"
    files = f"\nfiles written: {', '.join(sorted(changed))}" if changed else ""
    return f"{ended}{files}{lost}\n{done.output}"


PYTHON = Tool(
    "run_python",
    "Run a Python 3 script in a sandbox without network, in a folder with the task's files. pandas, matplotlib and pytest are there."
    " Files it writes are kept.",
    parameters(("code",), code={"type": "string", "maxLength": 100_000}, timeout_s=TIMEOUT),
    _python,
    Effect.READS,
    Replays.FILES,
    timeout_s=MOST_S,
    kinds=frozenset({RUNS}),
)
COMMAND = Tool(
    "run_command",
    "Run a shell command in a sandbox without network, in a folder with the task's files, like `python3 -m pytest -q`. Files it"
    " writes are kept.",
    parameters(("command",), command={"type": "string", "maxLength": 2_000}, timeout_s=TIMEOUT),
    _command,
    Effect.READS,
    Replays.FILES,
    timeout_s=MOST_S,
    kinds=frozenset({RUNS}),
)
TOOLS = (PYTHON, COMMAND)
