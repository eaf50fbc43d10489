"""Look at the task's files and write them; each version is kept with its checksum."""

from collections.abc import Mapping
from typing import Any

from agents.contract.tools import Effect, Returned
from agents.models import Artefact
from agents.tools.contract import Hands, Replays, Tool, ToolRefused, parameters
from miosa.http.problem import Problem

PATH = {"type": "string", "minLength": 1, "maxLength": 400}
MOST_LINES = 2_000
ORIGIN = "files of the task"


def _list(_arguments: Mapping[str, Any], hands: Hands) -> Returned:
    paths = hands.workspace.paths()
    listed = "\n".join(f"{path} ({size} bytes)" for path, size in paths.items())
    return Returned(listed or "There are no files yet.", origin=ORIGIN, data={"paths": paths})


def _read(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    text = _text_of(arguments["path"], hands)
    lines = text.splitlines(keepends=True)
    first = int(arguments.get("first_line", 1))
    shown = lines[first - 1 : first - 1 + int(arguments.get("lines", MOST_LINES))]
    return Returned(
        "".join(shown), origin=f"file {arguments['path']}", data={"lines": len(lines), "first_line": first}
    )


def _write(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    return _kept({arguments["path"]: arguments["content"]}, hands)


def _replace(arguments: Mapping[str, Any], hands: Hands) -> Returned:
    path, old = arguments["path"], arguments["old"]
    text = _text_of(path, hands)
    if (count := text.count(old)) != 1:
        raise ToolRefused(f"{path} holds this text {count} times; name a text that occurs exactly once.")
    return _kept({path: text.replace(old, arguments["new"])}, hands)


def _text_of(path: str, hands: Hands) -> str:
    content = hands.workspace.read(path)
    if content is None:
        near = ", ".join(list(hands.workspace.paths())[:20]) or "none"
        raise ToolRefused(f"There is no file {path}. There are: {near}.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ToolRefused(f"{path} is no text; look at it with run_python.") from error


def _kept(files: Mapping[str, str], hands: Hands) -> Returned:
    try:
        digests = hands.workspace.keep(
            {path: text.encode() for path, text in files.items()}, origin=Artefact.Origin.AGENT
        )
    except (Problem, UnicodeEncodeError) as error:
        raise ToolRefused(str(error)) from error
    told = "\n".join(f"{path}: sha256 {digest}" for path, digest in digests.items())
    return Returned(f"written\n{told}", origin=ORIGIN, files=digests)


TOOLS = (
    Tool(
        "list_files",
        "List the task's files with their sizes.",
        parameters(),
        _list,
        replays=Replays.FILES,
    ),
    Tool(
        "read_file",
        "Read a text file of the task, whole or some lines of it.",
        parameters(
            ("path",),
            path=PATH,
            first_line={"type": "integer", "minimum": 1},
            lines={"type": "integer", "minimum": 1, "maximum": MOST_LINES},
        ),
        _read,
        replays=Replays.FILES,
        most_chars=60_000,
    ),
    Tool(
        "write_file",
        "Write a whole text file of the task; folders are made as needed.",
        parameters(("path", "content"), path=PATH, content={"type": "string", "maxLength": 500_000}),
        _write,
        Effect.READS,  # only the execution's own files change, and every version is kept
        Replays.FILES,
    ),
    Tool(
        "replace_in_file",
        "Replace a text that occurs exactly once in a file by another.",
        parameters(
            ("path", "old", "new"),
            path=PATH,
            old={"type": "string", "minLength": 1, "maxLength": 50_000},
            new={"type": "string", "maxLength": 50_000},
        ),
        _replace,
        Effect.READS,
        Replays.FILES,
    ),
)
