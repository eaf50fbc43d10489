"""Writes code with a test and runs both before handing them over; says plainly what does not pass."""

from collections.abc import Mapping
from typing import Any

from agents.contract import Profile, Result, Task, Workbench
from agents.crafts import modules
from agents.crafts.asking import Asker
from agents.crafts.coding import Piece, fault_of, write_function
from agents.crafts.hands_on import MATERIAL_TOOLS
from agents.crafts.modules import Made
from agents.crafts.package import can_work, laid_out, make_package, package_by_rule
from agents.crafts.patching import make_patch, read_repository
from agents.crafts.site import make_site
from agents.crafts.site_told import of_site
from agents.crafts.worked import WORKED
from agents.text.interface import Interface, interface
from agents.text.languages import language_of
from agents.text.material import repository_of, sources, wants_change, wants_package
from agents.text.request import Request, one_spaced, read_request
from agents.text.site_kind import asks_for_page
from agents.verifiers.code import UNTESTED

_WORKED = "Write a Python function that {{{0}}}.\n```python\n{{{0}_code}}```\n"
profile = Profile(
    kind="development",
    purpose="Write, refactor and debug source code: functions, scripts, classes and modules, together with their tests.",
    capabilities=("code_generation*", "refactoring*", "debugging", "documentation"),
    task_kind="code",
    mode="quality",
    prompt="You write short, correct Python.",
    asks={
        "code": "Write this Python function, complete with imports and a docstring, in one fenced block and nothing else.\n\n"
        "{head}\n\nIt {does}.\nThe whole request it is part of: {request}",
        "tests": "Write a unittest module in one fenced block for a function you cannot see.\n`from {module} import {function}`; its head is"
        " `{head}`; it {does}.\nTest ordinary values, edges and empty input; assert only what this description settles.",
        "repair": "{request}\n\nThis code:\n```python\n{code}```\nfails a check. {fault}\nWrite the whole corrected code in one fenced block.",
        "plain": "Write a Python function {signature} that {does}.",
        "shown": f"{_WORKED.format('near')}Write a Python function that {{does}}.",
        "twice_shown": f"{_WORKED.format('next')}{_WORKED.format('near')}Write a Python function that {{does}}.",
        "last": "```python\n{all_code}\n\n{head}```\nWrite the last function.",
        "worked": "\n".join(f"{one.does}\n{one.code}" for one in WORKED),  # what `all_code` is chosen from
        "modules": "{request}\n\n{design}\n\nWrite it as flat Python modules (standard library only) and one unittest module"
        ' named test_*.py. Answer with JSON: {{"files": [{{"path": "name.py", "content": "..."}}]}}',
        "other": "{request}\nAnswer with one fenced block of {language}.",
        "section": 'Write {count} short sentences of plain facts for a web page titled "{title}", for its part "{heading}".',
        "site": "{request}\n\nThis is a small site that works. Change its files so that it does exactly what is asked, or answer with the"
        " files that change. Links stay relative; nothing is loaded from other hosts; its tests and site.json stay as they are.{fault}"
        '\n\n{files}\n\nAnswer with JSON: {{"files": [{{"path": "...", "content": "..."}}]}}',
        "package": "{request}\n{fault}\nFiles:\n{files}\n\nWrite it as a small Python package with the tools: its modules, pyproject.toml, a"
        " README.md and tests with pytest under tests/ that settle what the request says, edges and errors too. Use the standard library alone."
        " Run the tests, repair what fails, then answer with a short report of what it does and how that was tested.",
        "patch": "{request}\n{fault}\nFiles:\n{files}\n\nTests as they are: {tests}\n\nRead what matters, then change the files with the tools: the"
        " smallest change that does what is asked, in the style of the code round it, with a test that fails without it where there are tests."
        " Run the tests, then answer with a short message for whoever reviews the patch: what it changes and why.",
        "change": "{request}\n```python\n{code}\n```\nAnswer with the whole new code in one fenced block.",
    },
    tools=MATERIAL_TOOLS,
)
_JUDGES: Mapping[str, str] = {"the request": "the words of the request", "the model": "tests the model wrote"}


def execute(task: Task, bench: Workbench) -> Result:
    """Write what is asked in the way that fits: one function, modules, a data model's store, or changed code."""
    ask = Asker(bench, profile)
    request = read_request(task.asked)
    handled = _of_files(ask, task, shown=request.kind == "code")
    return _of_words(ask, task, request) if handled is None else handled


def _of_words(ask: Asker, task: Task, request: Request) -> Result:
    bench = ask.bench
    if request.kind != "code" and (task.shipping or asks_for_page(request.directive)):
        return of_site(make_site(ask, task.asked, fault=_rejected(task)))
    wanted = (
        f"{task.input} {request.material}"
        if request.kind == "details" and request.material not in task.input
        else task.input
    )
    wanted = one_spaced(wanted)
    if request.kind == "code":
        return _of_made(modules.change(ask, request.material, wanted))
    language = language_of(wanted)
    if language != "Python":
        return _of_made(modules.other_language(ask, wanted, language))
    design = next((one for one in task.handovers if one.agent == "architect"), None)
    if design and ask.capable():
        return _of_made(modules.write_modules(ask, wanted, design.output))
    if design and design.data.get("entities"):
        return _of_made(modules.from_model(ask, design.data["entities"]))
    text = request.material if request.kind == "text" else ""
    face = interface(wanted)
    piece = write_function(ask, face, request=wanted, material=text)
    made = _of_piece(piece, face)
    return package_by_rule(bench, made, laid_out(piece, face, wanted)) if wants_package(wanted) else made


def _of_files(ask: Asker, task: Task, *, shown: bool) -> Result | None:
    """Work on the files that are there or are named, or on a package from nothing; None where it is about neither."""
    if task.shipping or shown or not can_work(ask.bench):
        return None
    url = repository_of(task.asked)
    if url and (fault := read_repository(ask.bench, url)):
        return Result(False, fault, {"notes": [fault]}, error=fault)
    if sources(ask.bench.originals()) and wants_change(task.asked):
        return make_patch(ask, task, fault=_rejected(task))
    if wants_package(task.asked) and ask.capable():
        return make_package(ask, task, fault=_rejected(task))
    return None


def _rejected(task: Task) -> str:
    """Return what the last review did not accept, "" where there was none or it was content."""
    last = next((one for one in reversed(task.handovers) if one.data.get("verdict")), None)
    return str(last.data.get("fault", "")) if last and last.data["verdict"] == "rejected" else ""


def _of_piece(piece: Piece, face: Interface) -> Result:
    files = {f"{face.name}.py": piece.code} | ({f"test_{face.name}.py": piece.tests} if piece.tests else {})
    fault = fault_of(piece)
    notes = [_verdict(piece), *_applied(piece, face)]
    data: dict[str, Any] = {
        "files": files,
        "function": {
            "name": face.name,
            "head": face.head,
            "does": face.does,
            "parameters": list(face.parameters),
            "returns": face.returns,
        },
        "tests_from": piece.judge,
        "written_by": piece.origin,
        "tries": piece.tries,
        "run": dict(piece.trial.report),
        "notes": notes,
    }
    output = "\n\n".join([*(_fenced(name, code) for name, code in files.items()), *notes])
    suggestions = (
        ()
        if piece.judge == "the request"
        else (f"Give an example such as `{face.name}(...) == ...` so that the result can be checked.",)
    )
    return Result(
        piece.sound, output, data, piece.evidence, "quality", error=fault or None, suggestions=suggestions
    )


def _verdict(piece: Piece) -> str:
    """Say in one sentence what the code is worth."""
    fault = fault_of(piece)
    tries = "" if piece.tries == 1 else f" (the best of {piece.tries} tries)"
    if not piece.trial.ran:
        return f"Not run: {piece.trial.reason}. Nothing is known of what it does."
    if fault:
        return f"**This code does not pass its checks**{tries}: {fault}"
    ran = piece.trial.report.get("tests", {}).get("ran", 0)
    if ran:
        return f"It runs and passes {ran} of {ran} tests, which follow from {_JUDGES.get(piece.judge, piece.judge)}{tries}."
    return f"It runs{tries}. The request holds no example and no model strong enough to write tests was at hand, so what it returns is unchecked."


def _applied(piece: Piece, face: Interface) -> list[str]:
    applied: Mapping[str, Any] = piece.trial.report.get("applied", {})
    if not applied:
        return []
    trust = "" if piece.sound else " (by code that does not pass its checks)"
    return [f"Applied to the text of the request, `{face.name}(text)` gives `{applied['got']}`{trust}."]


def _of_made(made: Made) -> Result:
    fault = modules.fault_of(made)
    notes = [*made.notes, *_made_verdict(made, fault)]
    output = (
        "\n\n".join([*(_fenced(name, code) for name, code in made.files.items()), *notes])
        if made.files
        else ""
    )
    data = {
        "files": dict(made.files),
        "written_by": made.origin,
        "run": dict(made.trial.report),
        "notes": notes,
    }
    return Result(made.sound, output, data, made.evidence, "quality", error=fault or None)


def _made_verdict(made: Made, fault: str) -> list[str]:
    if fault:
        return [f"**Does not pass its checks**: {fault}"]
    if not made.trial.ran:
        return []
    untested = any(one.check == UNTESTED for one in made.evidence)
    return ["It runs; what it returns is unchecked."] if untested else ["It runs and passes its checks."]


def _fenced(name: str, code: str) -> str:
    language = "python" if name.endswith(".py") else name.rpartition(".")[2]
    return f"`{name}`\n```{language}\n{code.rstrip()}\n```"
