"""Change code that is there: read it, change it with tools or by rule, run its tests before and after, hand over a patch.

Templates used: "patch" (request, files, tests, fault).
"""

from collections.abc import Mapping

from agents.contract import Evidence, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.hands_on import Checked, Done, listed, texts, until_checked, used
from agents.crafts.package import run_tests
from agents.text.material import sources
from agents.text.patch import diff, mended
from agents.verifiers import weights
from agents.verifiers.finding import finding
from agents.verifiers.workspace import Tests, checked, fault_of, found, tests_of

PATCH = "change.patch"
BEFORE = "The tests as they are"


def read_repository(bench: Workbench, url: str) -> str:
    """Fetch a repository into the execution; return why it could not be, "" where it was."""
    returned = used(bench, "Read the repository", "read_repository", {"url": url})
    return "" if returned.ok else returned.text


def make_patch(ask: Asker, task: Task, *, fault: str = "") -> Result:
    """Return a patch with what speaks for it; without a strong model only what a rule is certain of is changed."""
    before = _tests_before(ask.bench)
    if not ask.capable():
        return _by_rule(ask.bench, before)
    done = until_checked(
        ask,
        "patch",
        tools=ask.bench.tools(),
        check=lambda _: _checked(ask.bench, before),
        request=task.asked,
        files=listed(ask.bench),
        tests=f"{before.told}\n{before.said}",
        fault=f"\nA review of your patch found: {fault}\nRepair that first.\n" if fault else "",
    )
    return _result(ask.bench, before, done.checked, done)


def _tests_before(bench: Workbench) -> Tests:
    for turn in bench.earlier():
        if turn.said == BEFORE:
            return tests_of(turn.returned[0])
    return run_tests(bench, BEFORE)


def _by_rule(bench: Workbench, before: Tests) -> Result:
    """Change only what is certain: no model here is strong enough to change the meaning of code."""
    now, changes = texts(bench), []
    for path in sources(now):
        made = mended(now[path])
        if made.changes:
            bench.keep({path: made.source.encode()})
            changes += [f"{path}: {change}" for change in made.changes]
    if not changes:
        said = (
            "No model strong enough to change this code is set up, and there is nothing in it that a rule could mend with"
            f" certainty. {_advice(now)}"
        )
        evidence: tuple[Evidence, ...] = (_changes_something(""),)
        return Result(False, said, {"notes": [said], "files": {}}, evidence, error=said)
    return _result(bench, before, _checked(bench, before), None, changes)


def _advice(files: Mapping[str, str]) -> str:
    findings = found({path: files[path] for path in sources(files)})
    if not findings:
        return "A review of it finds nothing either."
    listed_ = "\n".join(f"- `{one.file}:{one.line}` {one.message}" for one in findings[:20])
    return f"What a review finds:\n{listed_}"


def _originals(bench: Workbench) -> dict[str, str]:
    return {
        path: content.decode()
        for path, content in bench.originals().items()
        if path in texts(bench) and b"\0" not in content
    }


def _checked(bench: Workbench, before: Tests) -> Checked:
    old, now = _originals(bench), _ours(bench)
    change = diff(old, now)
    after = run_tests(bench, "The platform runs the tests after the change")
    touched = {path: text for path, text in now.items() if old.get(path) != text}
    same = after.failed <= before.failed and after.passed >= before.passed
    evidence = (
        _changes_something(change),
        finding(
            "no test that passed fails now",
            passed=same,
            weight=weights.SAME_BEHAVIOUR,
            detail=f"before: {before.told}; now: {after.told}" + ("" if same else f". {after.said[-600:]}"),
        ),
        *(one for one in checked(touched, after, independent=before.there) if one.check != "there are tests"),
    )
    return Checked(evidence, fault_of(evidence))


def _ours(bench: Workbench) -> dict[str, str]:
    return {path: text for path, text in texts(bench).items() if path != PATCH}


def _changes_something(change: str) -> Evidence:
    detail = "" if change else "no file is different from what came"
    return finding(
        "the patch changes something", passed=bool(change), weight=weights.ALL_PARTS, detail=detail
    )


def _result(
    bench: Workbench, before: Tests, outcome: Checked, done: Done | None, changes: list[str] | None = None
) -> Result:
    old, now = _originals(bench), _ours(bench)
    change = diff(old, now)
    bench.keep({PATCH: change.encode()})
    touched = {path: text for path, text in now.items() if old.get(path) != text}
    said = done.worked.reply.text.strip() if done else "\n".join(f"- {one}" for one in changes or ())
    told = next((one.detail for one in outcome.evidence if one.check.startswith("no test")), "")
    notes = [
        f"The patch touches {len(touched)} files; tests {told.splitlines()[0] if told else before.told}."
    ]
    data = {
        "files": touched,
        "patch": change,
        "workspace": True,
        "written_by": done.worked.reply.model if done else "rules",
        "repairs": done.repairs if done else 0,
        "notes": notes,
    }
    parts = [said, *notes, f"```diff\n{change}```"]
    if outcome.fault:
        parts.append(f"**Not right yet.** {outcome.fault}")
    output = "\n\n".join(part for part in parts if part)
    return Result(
        not outcome.fault, output, data, outcome.evidence, "quality", error=outcome.fault[:1000] or None
    )
