"""Analyse a table that came with the task: figures counted in the sandbox, a report whose numbers are theirs, a plot.

Without a strong model the report says what was counted. With one it goes on with the tools from there, and whatever
number its report holds must occur in what the tools returned.
Templates used: "table" (request, path, figures, files).
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from agents.contract import Evidence, Result, Returned, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.hands_on import Checked, Done, listed, may_use, until_checked, used
from agents.crafts.table_script import SCRIPT
from agents.crafts.tool_use import Worked
from agents.text.words import words
from agents.verifiers import prose, weights
from agents.verifiers.finding import finding

REPORT, PLOT, TOOL = "report.md", "report/plot.png", "analyse_table.py"
NEEDED = ("write_file", "run_command", "read_file", "list_files")
PNG = b"\x89PNG\r\n\x1a\n"
SMALLEST_PLOT = 2_000  # bytes; an empty picture of this size has less
SHORTEST_REPORT = 20  # words
NEARLY = 1e-6
MIDNIGHT = " 00:00:00"  # of a day that has no time


def can_analyse(bench: Workbench) -> bool:
    """Tell whether the tools for it are there."""
    return may_use(bench, *NEEDED)


def analyse_table(ask: Asker, task: Task, path: str) -> Result:
    """Return the analysis of one table as a report with a plot; both are files of the execution."""
    figures, returned = _figures(ask.bench, task.asked, path)
    if figures is None:
        said = f"{path} could not be read as a table: {returned.text.strip().splitlines()[-1][:300]}"
        return Result(False, said, {"notes": [said]}, (_readable(passed=False, detail=said),), error=said)
    report = written(path, figures)
    ask.bench.keep({REPORT: report.encode()})
    evidence = _counted(figures, ask.bench)
    if ask.capable():
        done = _deeper(ask, task, path, figures)
        return _result(ask.bench, figures, evidence + done.checked.evidence, done)
    return _result(ask.bench, figures, evidence, None)


def _figures(bench: Workbench, request: str, path: str) -> tuple[dict[str, Any] | None, Returned]:
    used(bench, "The platform's own look at the table", "write_file", {"path": TOOL, "content": SCRIPT})
    wished = " ".join(word.lower() for word in words(request))[:2_000]
    command = f"python3 {TOOL} {shlex.quote(path)} {PLOT} {shlex.quote(wished)}"
    returned = used(bench, "Count and plot", "run_command", {"command": command[:2_000], "timeout_s": 120})
    try:
        found = json.loads(returned.text.splitlines()[-1])
    except (ValueError, IndexError):
        return None, returned
    return (found if isinstance(found, dict) else None), returned


def _deeper(ask: Asker, task: Task, path: str, figures: Mapping[str, Any]) -> Done:
    source = f"{task.asked} {json.dumps(figures)}"

    def check(worked: Worked) -> Checked:
        report = (ask.bench.read(REPORT) or b"").decode(errors="replace")
        told = " ".join(one.text for turn in worked.turns for one in turn.returned)
        return _checked(report, f"{source} {told}", ask.bench.read(PLOT) or b"")

    return until_checked(
        ask,
        "table",
        tools=ask.bench.tools(),
        check=check,
        request=task.asked,
        path=path,
        figures=json.dumps(figures, ensure_ascii=False),
        files=listed(ask.bench),
    )


def _checked(report: str, source: str, plot: bytes) -> Checked:
    own = prose.faithful(report, source)
    evidence = (_report_there(report), own, _plotted(plot))
    faults = [f"{one.check}: {one.detail}" for one in evidence if not one.passed]
    return Checked(evidence, "; ".join(faults))


def written(path: str, figures: Mapping[str, Any]) -> str:
    """Return the report of what was counted; every number in it is one of the figures."""
    lines = [f"# {path}", "", f"{figures['rows']} rows, {len(figures['columns'])} columns.", ""]
    lines += ["| column | kind | missing | what it holds |", "|---|---|---|---|"]
    lines += [
        f"| {_cell(one['name'])} | {one['kind']} | {one['missing']} | {_cell(_holds(one))} |"
        for one in figures["columns"]
    ]
    group = figures["by_group"]
    if group["sums"]:
        lines += ["", f"## {group['value']} by {group['group']}", ""]
        lines += [f"- {_cell(name)}: {total:g}" for name, total in group["sums"]]
    if figures["related"]:
        lines += ["", "## What moves together", ""]
        lines += [
            f"- {first} and {second}: {strength:+.2f}" for first, second, strength in figures["related"]
        ]
    if figures["plot"]:
        lines += ["", f"![{figures['plot']}]({PLOT})"]
    return "\n".join(lines) + "\n"


def _holds(one: Mapping[str, Any]) -> str:
    match one["kind"]:
        case "number":
            least, most, mean, median, whole = (
                _plain(one[name]) for name in ("least", "most", "mean", "median", "sum")
            )
            return f"from {least} to {most}, mean {mean}, median {median}, sum {whole}"
        case "date":
            first, last = (one[name].removesuffix(MIDNIGHT) for name in ("first", "last"))
            return f"from {first} to {last}"
        case "yes or no":
            return f"{one['yes']} times yes"
        case _:
            named = ", ".join(f"{name} ({count})" for name, count in one["most_frequent"])
            return f"{one['distinct']} different; most frequent: {named}"


def _plain(value: float | None) -> str:
    """A figure as people write it: all its decimals, and none where it is whole."""
    if value is None:
        return "none"
    return str(int(value)) if value == int(value) else str(value)


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")


def _counted(figures: Mapping[str, Any], bench: Workbench) -> tuple[Evidence, ...]:
    """What speaks for the figures: two ways of counting agree, and there is a picture."""
    sums = {one["name"]: one["sum"] for one in figures["columns"] if one["kind"] == "number"}
    again = figures["sums_counted_again"]
    apart = [name for name, total in sums.items() if not _near(total, again.get(name))]
    same = not apart and figures["rows"] == figures["rows_counted_again"]
    return (
        _readable(passed=True),
        finding(
            "two ways of counting agree", passed=same, weight=weights.NUMBERS_ADD_UP, detail=", ".join(apart)
        ),
        _plotted(bench.read(PLOT) or b""),
    )


def _near(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= NEARLY * max(1.0, abs(first))


def _readable(*, passed: bool, detail: str = "") -> Evidence:
    return finding("the table can be read", passed=passed, weight=weights.FACTS_PRESENT, detail=detail)


def _report_there(report: str) -> Evidence:
    passed = len(words(report)) >= SHORTEST_REPORT
    detail = "" if passed else f"{REPORT} is missing or nearly empty"
    return finding("there is a report", passed=passed, weight=weights.ALL_PARTS, detail=detail)


def _plotted(plot: bytes) -> Evidence:
    passed = plot.startswith(PNG) and len(plot) >= SMALLEST_PLOT
    detail = "" if passed else f"{PLOT} is no picture, or an empty one"
    return finding("there is a plot", passed=passed, weight=weights.ALL_PARTS, detail=detail)


def _result(
    bench: Workbench, figures: Mapping[str, Any], evidence: Sequence[Evidence], done: Done | None
) -> Result:
    report = (bench.read(REPORT) or b"").decode(errors="replace")
    faults = [f"{one.check}: {one.detail}" for one in evidence if not one.passed]
    said = done.worked.reply.text.strip() if done else ""
    data = {
        "files": {REPORT: report},
        "plot": PLOT,
        "figures": dict(figures),
        "method": "tools" if done else "counted",
        "repairs": done.repairs if done else 0,
        "notes": [
            f"{figures['rows']} rows of {len(figures['columns'])} columns were read; report in {REPORT}, plot in {PLOT}."
        ],
    }
    output = f"{said}\n\n{report}" if said else report
    return Result(not faults, output, data, tuple(evidence), "communication", error="; ".join(faults) or None)
