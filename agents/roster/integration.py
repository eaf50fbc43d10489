"""Connects to outside services: writes the client of HTTP calls and tries it against a stand-in in the sandbox."""

from typing import Any

from agents.contract import Evidence, Profile, Result, Task, Workbench
from agents.crafts.asking import Asker
from agents.crafts.connecting import NOT_REAL, can_connect, connect, less
from agents.crafts.hands_on import MATERIAL_TOOLS
from agents.text.request import one_spaced, read_request
from agents.text.wire import Call, call_of, client
from agents.text.wire_job import job_of, names_calls
from agents.verifiers import code as checks_of
from agents.verifiers import structure, weights
from agents.verifiers.code import Trial, try_out
from agents.verifiers.finding import finding

profile = Profile(
    kind="integration",
    purpose="Connect outside services: API clients, webhooks, OAuth and data synchronisation over HTTP.",
    capabilities=("api_integration", "webhook_setup", "oauth_configuration", "data_synchronization"),
    task_kind="code",
    mode="speed",
    prompt="You read HTTP calls out of descriptions, exactly.",
    asks={
        "call": "Which HTTP call does this describe? Use only what is said; leave out what is not.\n\n{request}",
        "client": "{request}\n\nFiles:\n{files}\n\nWrite the client of it with the tools, and tests with pytest in test_client.py that speak to a server"
        " on the loopback. It is exercised over HTTP by these names, so keep to them:\n{interface}\n\nRun the tests, repair what fails, then answer"
        " with a short report of what the client does and what whoever uses it has to know.",
    },
    tools=MATERIAL_TOOLS,
)
SCHEMA = {
    "type": "object",
    "required": ["method", "url", "auth", "body"],
    "properties": {
        "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
        "url": {"type": "string"},
        "auth": {"enum": ["none", "bearer", "key"]},
        "header": {"type": "string", "pattern": "^$|^[A-Za-z][A-Za-z0-9-]*$"},
        "body": {"type": "object"},
    },
}


def execute(task: Task, bench: Workbench) -> Result:
    """Write the client of what is asked: by a model and with tools where it is more than one call, else by rule."""
    ask = Asker(bench, profile)
    request = read_request(task.asked)
    wanted = (
        task.input
        if request.kind == "text" or request.material in task.input
        else f"{task.input} {request.material}"
    )
    wanted = one_spaced(wanted)
    job = job_of(one_spaced(task.input if names_calls(task.input) else task.asked))
    if not can_connect(ask, job):
        return _of_one_call(ask, wanted)
    made = connect(ask, task, job)
    return made if made.success else less(_of_one_call(ask, wanted), made)


def _of_one_call(ask: Asker, wanted: str) -> Result:
    """Write the client of one call by rule; a model at most reads the call."""
    bench, call = ask.bench, _call(ask, wanted)
    files = client(call)
    bench.note(f"Trying {call.method} {call.path} against a stand-in in the sandbox")
    trial = try_out(bench, files, module="client", tests="test_client")
    evidence = _evidence(call, files, trial)
    notes = _notes(call, trial)
    wrong = next(
        (
            f"{one.check}: {one.detail}"
            for one in evidence
            if not one.passed and one.check in {_SENDS, _REFUSES}
        ),
        None,
    )
    data: dict[str, Any] = {
        "files": files,
        "call": {
            "method": call.method,
            "path": call.path,
            "url": call.url,
            "auth": call.auth,
            "body": dict(call.body),
        },
    }
    data |= {
        "run": dict(trial.report),
        "missing": list(call.missing),
        "notes": notes,
        "function": {"name": call.name},
    }
    output = "\n\n".join(
        [*(f"`{name}`\n```python\n{code.rstrip()}\n```" for name, code in files.items()), *notes]
    )
    return Result(
        wrong is None,
        output,
        data,
        evidence,
        "quality",
        error=wrong,
        suggestions=tuple(f"Say {what}." for what in call.missing),
    )


_SENDS, _REFUSES = "the call is as described", "a refusal becomes an error"


def _call(ask: Asker, wanted: str) -> Call:
    """Read the call by rules; a strong model may fill in what the rules did not see, never what is not said."""
    call = call_of(wanted)
    if not ask.capable() or {"url", "method"} <= set(call.told):
        return call
    answer = ask.structured("call", SCHEMA, request=wanted, max_output_tokens=500)
    if answer is None or (answer["url"] and not structure.occurs(answer["url"], wanted)):
        return call
    told = tuple(
        name for name in ("url", "method", "auth", "body") if answer[name] and answer[name] != "none"
    )
    return Call(
        answer["method"],
        answer["url"],
        answer["auth"],
        answer.get("header") or call.header or "Authorization",
        answer["body"],
        told,
    )


def _evidence(call: Call, files: dict[str, str], trial: Trial) -> tuple[Evidence, ...]:
    told = finding(
        "the request says which call",
        passed="url" in call.told or "method" in call.told,
        weight=weights.TRACED,
        detail=", ".join(call.told) or "nothing",
    )
    if not trial.ran:
        return told, finding(checks_of.NOT_RUN, passed=False, weight=weights.NOT_RUN, detail=trial.reason)
    failed = {row[0]: row[1] for row in trial.failed_tests}
    tests = trial.report.get("tests", {})
    broken = tests.get("error") or ("" if tests.get("ran") else str(trial.report.get("error", "no test ran")))
    sends = next((fault for name, fault in failed.items() if "sends" in name), broken)
    refuses = next((fault for name, fault in failed.items() if "error" in name), broken)
    return (
        told,
        checks_of.parses("\n".join(files.values())),
        finding(_SENDS, passed=not sends, weight=weights.WIRE_CALL, detail=sends),
        finding(_REFUSES, passed=not refuses, weight=weights.WIRE_ERRORS, detail=refuses),
    )


def _notes(call: Call, trial: Trial) -> list[str]:
    said = [
        f"Tried in the sandbox against a stand-in on the loopback: {trial.report.get('tests', {}).get('ran', 0)} tests, {len(trial.failed_tests)} failed."
    ]
    if not trial.ran:
        said = [f"Not run: {trial.reason}."]
    said.append(NOT_REAL)
    return said + (
        [f"The request does not say {' or '.join(call.missing)}; the client takes it as a parameter."]
        if call.missing
        else []
    )
