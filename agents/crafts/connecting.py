"""Write a client of several calls with its tests, with tools; the platform runs the tests and exercises it over HTTP.

Template used: "client" (request, interface, files).
"""

from dataclasses import replace

from agents.contract import Evidence, ModelUnavailable, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.hands_on import Checked, listed, texts, until_checked
from agents.crafts.package import can_work, check_package, result_of
from agents.text.wire_job import Job, interface
from agents.verifiers import weights
from agents.verifiers.finding import finding
from agents.verifiers.wire import try_client, wire_evidence
from agents.verifiers.workspace import fault_of

NOT_REAL = "The real service was not called: the sandbox has no network."


def can_connect(ask: Asker, job: Job) -> bool:
    """Tell whether this is more than one plain call, and whether a model can work on it here."""
    return job.is_more and ask.capable() and can_work(ask.bench)


def connect(ask: Asker, task: Task, job: Job) -> Result:
    """Return the client with what the exercises showed; `success` is False where it is not right, or no model answered."""
    try:
        done = until_checked(
            ask,
            "client",
            tools=ask.bench.tools(),
            check=lambda _: _checked(ask.bench, job),
            request=task.asked,
            interface=interface(job),
            files=listed(ask.bench),
        )
    except ModelUnavailable as away:
        return Result(False, "", error=away.reason)
    made = result_of(ask.bench, done)
    over_http = [one for one in done.checked.evidence if one.check in _OVER_HTTP]
    told = f"Exercised over HTTP against a stand-in in the sandbox: {sum(one.passed for one in over_http)} of {len(over_http)} checks pass."
    notes = [*made.data["notes"], told, NOT_REAL]
    calls = [{"method": one.method, "path": one.path, "url": one.url, "auth": one.auth} for one in job.calls]
    data = {**made.data, "calls": calls, "notes": notes}
    return replace(made, output=f"{made.output}\n\n{told}\n\n{NOT_REAL}", data=data)


_OVER_HTTP = frozenset(
    {
        "every call is as described",
        "a refusal becomes an error",
        "all pages are read",
        "what passes is tried again",
        "signatures are checked",
    }
)


def _checked(bench: Workbench, job: Job) -> Checked:
    own = check_package(bench).evidence
    there = "client.py" in bench.files()
    wire = wire_evidence(try_client(bench, texts(bench), job), job) if there else ()
    evidence = (_there(passed=there), *own, *wire)
    return Checked(evidence, fault_of(evidence))


def _there(*, passed: bool) -> Evidence:
    return finding(
        "there is a client",
        passed=passed,
        weight=weights.ALL_PARTS,
        detail="" if passed else "client.py is missing",
    )


def less(made: Result, tried: Result) -> Result:
    """Return the client of one call in place of one that is not right, and say so."""
    said = f"**Less than was asked**: a client for all of it was tried and is not delivered: {tried.error}"
    short = finding(
        "all that was asked is in it", passed=False, weight=weights.UNASKED, detail=str(tried.error)[:300]
    )
    notes = [*made.data["notes"], said]
    return replace(
        made,
        output=f"{made.output}\n\n{said}",
        data={**made.data, "notes": notes},
        evidence=(*made.evidence, short),
    )
