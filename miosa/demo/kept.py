"""Files that go in with a task, and what is kept of it afterwards: its files and a transcript anybody can read."""

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from miosa.demo.client import Client

TRANSCRIPT = "transcript.md"
MOST_SHOWN = 1_500  # characters of what a tool was asked or returned


def attached(names: str) -> list[dict[str, str]]:
    """Return the files that a list names as the API takes them. Raises OSError."""
    return [
        {"path": Path(name).name, "base64": b64encode(Path(name).read_bytes()).decode()}
        for name in names.split()
    ]


def keep(client: Client, execution_id: str, folder: Path) -> list[Path]:
    """Write the newest version of each of its files and the transcript into a folder; return the paths."""
    written = []
    versions = sorted(client.all(f"/executions/{execution_id}/artefacts"), key=lambda one: int(one["number"]))
    newest = {one["path"]: one for one in versions}  # lists begin with what is new
    for path, one in newest.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(client.content(f"/artefacts/{one['id']}/content"))
        written.append(place)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TRANSCRIPT).write_text(transcript(client, execution_id, newest))
    return [*written, folder / TRANSCRIPT]


def transcript(client: Client, execution_id: str, files: Mapping[str, Mapping[str, Any]]) -> str:
    """Return in Markdown what was asked, planned, done, checked and answered."""
    execution = client.read(f"/executions/{execution_id}")
    uses = client.all(f"/executions/{execution_id}/tool-uses")
    uses.sort(key=lambda one: (one["round"], one["place"]))
    lines = [f"# {execution['request'][:120]}", "", f"> {execution['request']}", ""]
    lines += [f"{execution['plan_explanation']}", ""]
    for step in execution["steps"]:
        if step["key"] != "plan":
            lines += _step(step, [one for one in uses if one["step"] == step["key"]])
    lines += ["## Files", ""] if files else []
    lines += [
        f"- `{path}`, {one['size_bytes']} bytes, SHA-256 `{one['digest']}`" for path, one in files.items()
    ]
    sure = "" if execution["confidence"] is None else f", confidence {execution['confidence']:.1f} of 10"
    lines += ["", f"## Answer ({execution['state']}{sure})", "", execution["output"] or execution["error"]]
    return "\n".join(lines).rstrip() + "\n"


def _step(step: Mapping[str, Any], uses: list[dict[str, Any]]) -> list[str]:
    model = step["model"] or "no model"
    lines = [
        f"## {step['agent']}: {step['purpose']}",
        "",
        f"{step['state']}, {model}, {step['tokens']} tokens.",
        "",
    ]
    for one in uses:
        lines += [f"### `{one['tool']}`: {one['state']}", ""]
        lines += [f"{one['said']}", ""] if one["said"] else []
        lines += [_fenced(_asked(one["arguments"])), "", _fenced(one["output"]), ""]
    lines += [
        f"- {'passed' if one['passed'] else '**failed**'}: {one['check']}{_detail(one)}"
        for one in step["evidence"]
    ]
    return [*lines, ""]


def _asked(arguments: Mapping[str, Any] | None) -> str:
    return "\n".join(f"{name}: {value}" for name, value in (arguments or {}).items())


def _fenced(text: str) -> str:
    """Return a text in a fence that is longer than any it holds."""
    shown = (
        text
        if len(text) <= MOST_SHOWN
        else f"{text[:MOST_SHOWN]}\n[{len(text) - MOST_SHOWN} more characters]"
    )
    fence = "```"
    while fence in shown:
        fence += "`"
    return f"{fence}text\n{shown}\n{fence}"


def _detail(one: Mapping[str, Any]) -> str:
    first = str(one["detail"]).strip().splitlines()[:1]
    return f" ({first[0]})" if first else ""
