"""Write a small Python package with its tests: with tools by a strong model, or by rule round one function.

Templates used: "package" (request, files, fault).
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from agents.contract import Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.coding import Piece
from agents.crafts.hands_on import Checked, Done, listed, may_use, texts, until_checked, used
from agents.text.interface import Interface
from agents.verifiers.workspace import TESTS, Tests, checked, fault_of, tests_of

OFTEN = ("never", "once", "twice")
NEEDED = ("write_file", "run_command", "read_file", "list_files")
_NAMED = re.compile(r"\b(?:called|named)\s+[`'\"]?([a-z_][a-z0-9_]{1,40})", re.IGNORECASE)
_PROJECT = """[project]
name = "{name}"
version = "0.1.0"
description = "{does}"
requires-python = ">=3.11"

[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""


def can_work(bench: Workbench) -> bool:
    """Tell whether files can be written and run here."""
    return may_use(bench, *NEEDED)


def make_package(ask: Asker, task: Task, *, fault: str = "") -> Result:
    """Let a strong model write, test and repair a package; the platform runs the tests and has the last word."""
    done = until_checked(
        ask,
        "package",
        tools=ask.bench.tools(),
        check=lambda _: check_package(ask.bench),
        request=task.asked,
        files=listed(ask.bench),
        fault=f"\nA review of your work found: {fault}\nRepair that first.\n" if fault else "",
    )
    return result_of(ask.bench, done)


def check_package(bench: Workbench) -> Checked:
    """Run the tests, parse and review every file."""
    tests = run_tests(bench, "The platform runs the tests")
    evidence = checked(texts(bench), tests, independent=False)
    return Checked(evidence, fault_of(evidence))


def run_tests(bench: Workbench, said: str) -> Tests:
    """Run all tests of the execution's files anew."""
    return tests_of(used(bench, said, "run_command", {"command": TESTS, "timeout_s": 120}, again=True))


def result_of(bench: Workbench, done: Done) -> Result:
    """Return the files with what was found about them."""
    files, fault = texts(bench), done.checked.fault
    tests = next((one.detail for one in done.checked.evidence if one.check == "its tests pass"), "")
    often = OFTEN[done.repairs] if done.repairs < len(OFTEN) else f"{done.repairs} times"
    notes = [f"{len(files)} files; {tests.splitlines()[0] if tests else 'no tests'}; repaired {often}."]
    data = {
        "files": files,
        "workspace": True,
        "written_by": done.worked.reply.model,
        "repairs": done.repairs,
        "notes": notes,
    }
    said = done.worked.reply.text.strip()
    output = "\n\n".join(
        [*([said] if said else []), *notes, *([f"**Not right yet.** {fault}"] if fault else [])]
    )
    return Result(not fault, output, data, done.checked.evidence, "quality", error=fault[:1000] or None)


def package_by_rule(bench: Workbench, made: Result, files: Mapping[str, str]) -> Result:
    """Return a function's result as a package that is kept, its tests run where it lies; without tools as it was."""
    if not can_work(bench) or not made.usable:
        return made
    bench.keep({path: text.encode() for path, text in files.items()})
    tests = run_tests(bench, "The platform runs the package's tests")
    ran = checked(files, tests, independent=made.data.get("tests_from") == "the request")
    fault = fault_of(tuple(one for one in ran if one.check != "there are tests"))
    notes = [*made.data["notes"], f"As a package: {len(files)} files; {tests.told}."]
    data = {**made.data, "files": dict(files), "workspace": True, "notes": notes}
    output = f"{made.output}\n\n{notes[-1]}"
    return replace(
        made,
        success=made.success and (tests.good or not tests.there),
        output=output,
        data=data,
        evidence=(*made.evidence, *(one for one in ran if one.check == "its tests pass" and tests.there)),
        error=made.error or (fault[:1000] if tests.there and fault else None),
    )


def laid_out(piece: Piece, face: Interface, request: str) -> dict[str, str]:
    """Return one function with its tests as a package."""
    named = _NAMED.search(request)
    name = named[1].lower() if named and named[1].lower() != face.name else f"{face.name}_package"
    module = f"{name}.{face.name}"
    files = {
        "pyproject.toml": _PROJECT.format(
            name=name.replace("_", "-"), does=f"It {face.does}".replace('"', "'")
        ),
        "README.md": f"# {name}\n\n`{face.head.removeprefix('def ').rstrip(':')}` {face.does}.\n\nTests: `python3 -m pytest`\n",
        f"{name}/__init__.py": f'"""It {face.does}."""\n\nfrom {module} import {face.name}\n\n__all__ = ["{face.name}"]\n',
        f"{name}/{face.name}.py": piece.code,
    }
    if piece.tests:
        files["tests/__init__.py"] = ""
        files[f"tests/test_{face.name}.py"] = piece.tests.replace(
            f"from {face.name} import", f"from {module} import"
        )
    return files
