"""Work with tools, have the outcome checked by the platform, and repair until the checks pass or the rounds are used up.

A model's own word that something works counts for nothing: `check` runs the tests, counts, compares. What it finds goes
back to the model as the next thing to do.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.contract import CHECK, Evidence, Offered, Returned, Turn, Use, Workbench
from agents.crafts.asking import Asker
from agents.crafts.tool_use import Worked, work

REPAIRS = 3
# What an agent that works on files may ask for.
MATERIAL_TOOLS = (
    "list_files", "read_file", "write_file", "replace_in_file", "run_python", "run_command", "read_repository",
    "fetch_page", "recall_memory", "delegate_task", "mcp__*",
)  # fmt: skip
FOUND = "Your work was checked and is not right yet. {fault}\nRepair it with the tools, then answer with your report."
FOUND_SAID = "Your answer was checked and is not right yet. {fault}\nLook again where that helps, then give the whole answer anew."


@dataclass(frozen=True)
class Checked:
    """What the platform found; `fault` says in words what is wrong, "" where nothing is."""

    evidence: tuple[Evidence, ...]
    fault: str = ""


Check = Callable[[Worked], Checked]


@dataclass(frozen=True)
class Done:
    """The last round, what was found about it, and how often it had to be repaired."""

    worked: Worked
    checked: Checked
    repairs: int


def until_checked(
    ask: Asker,
    name: str,
    *,
    tools: Sequence[Offered],
    check: Check,
    repairs: int = REPAIRS,
    says: bool = False,
    **fields: Any,
) -> Done:
    """Work, check, and repair at most so many times; raises what `work` raises.

    `says`: the answer itself is what is checked, not the files. Where neither changed, nothing else would be found.
    """
    found = FOUND_SAID if says else FOUND
    worked = work(ask, name, tools=tools, **fields)
    checked = _judged(ask.bench, check(worked))
    for number in range(repairs):
        if not checked.fault or not worked.finished:
            return Done(worked, checked, number)
        ask.bench.note(f"Checked, and not right yet: {checked.fault[:200]}")
        behind = [
            *worked.turns,
            Turn(worked.reply.text or "Done.", (), (), found.format(fault=checked.fault)),
        ]
        before, worked = worked, work(ask, name, tools=tools, goes_on=behind, **fields)
        same = not says or worked.reply.text == before.reply.text
        if same and not _left_files(worked.turns[len(behind) :]):
            return Done(worked, checked, number + 1)
        checked = _judged(ask.bench, check(worked))
    return Done(worked, checked, repairs)


def _judged(bench: Workbench, checked: Checked) -> Checked:
    bench.judge(checked.evidence)
    return checked


def used(
    bench: Workbench, said: str, tool: str, arguments: Mapping[str, Any], *, again: bool = False
) -> Returned:
    """Use one tool in the platform's own name; what it is for stands in `said`.

    A step that is done anew finds what it used before, unless it is to be done `again` because files have changed.
    """
    wanted = (Use(CHECK, tool, arguments),)
    if not again:
        for turn in bench.earlier():
            if turn.said == said and [(one.tool, one.arguments) for one in turn.uses] == [(tool, arguments)]:
                return turn.returned[0]
    return bench.use(said, wanted).returned[0]


def _left_files(turns: Sequence[Turn]) -> bool:
    return any(one.files for turn in turns for one in turn.returned)


def may_use(bench: Workbench, *names: str) -> bool:
    """Tell whether all of these tools are there and nobody has to be asked."""
    there = {one.name for one in bench.tools() if not one.asks}
    return set(names) <= there


def texts(bench: Workbench, *, most_bytes: int = 200_000) -> dict[str, str]:
    """Return the execution's files that are texts of a bearable size, by path."""
    found: dict[str, str] = {}
    for path, size in bench.files().items():
        content = bench.read(path) if size <= most_bytes else None
        if content is None or b"\0" in content:
            continue
        try:
            found[path] = content.decode()
        except UnicodeDecodeError:
            continue
    return found


def listed(bench: Workbench) -> str:
    """Return the execution's files, one a line, for a question."""
    return "\n".join(f"{path} ({size} bytes)" for path, size in bench.files().items()) or "none"
