"""Check a client by exercising it against a stand-in in the sandbox that speaks HTTP and writes down what came."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from agents.contract import CodeRunUnavailable, Evidence, Workbench
from agents.text.wire import Call
from agents.text.wire_job import WITH_BODY, Job, credential_header, sample
from agents.verifiers import weights
from agents.verifiers.code import NOT_RUN
from agents.verifiers.finding import finding
from agents.verifiers.wire_signed import SECRET, cases

HARNESS = Path(__file__).with_name("wire_harness.py").read_text(encoding="utf-8")
RUN_S = 120.0
CREDENTIAL = "key-51c9"
OK = {"ok": True, "id": 7}
REFUSALS = (401, 404, 500)
WAIT_S = 7
ROWS = [{"id": 1}, {"id": 2}, {"id": 3}]
SECOND = {"cursor": ("cursor", "c2"), "token": ("page_token", "c2"), "offset": ("offset", "2")}
Exercise = dict[str, Any]


@dataclass(frozen=True)
class WireTrial:
    """What came of the exercises, by their names; `reason` says why nothing ran."""

    report: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""


def try_client(bench: Workbench, files: Mapping[str, str], job: Job) -> WireTrial:
    """Exercise a client in a box; never raises."""
    spec = {"credential": CREDENTIAL, "exercises": list(_exercises(job)), "signed": _signed(job)}
    mark = "WIRE-" + hashlib.sha256(json.dumps([dict(files), spec]).encode()).hexdigest()[:16]
    beside = {"wire_harness.py": HARNESS, "wire_spec.json": json.dumps({**spec, "mark": mark})}
    try:
        run = bench.run_program({**files, **beside}, ["python3 wire_harness.py"], timeout_s=RUN_S)
    except CodeRunUnavailable as absent:
        return WireTrial(reason=absent.reason)
    line = next((row for row in reversed(run.output.splitlines()) if row.startswith(f"{mark} ")), "")
    if not line:
        return WireTrial(reason=(run.output.strip().splitlines() or ["no output"])[-1][:300])
    return WireTrial(json.loads(line.removeprefix(mark)))


def wire_evidence(trial: WireTrial, job: Job) -> tuple[Evidence, ...]:
    """Return what the exercises say of a client."""
    if trial.reason:
        return (finding(NOT_RUN, passed=False, weight=weights.NOT_RUN, detail=trial.reason),)
    checks = [
        ("every call is as described", weights.WIRE_CALL, list(_call_faults(trial.report, job))),
        ("a refusal becomes an error", weights.WIRE_ERRORS, list(_refusal_faults(trial.report, job))),
    ]
    if job.paged:
        checks.append(("all pages are read", weights.WIRE_ROUND, list(_page_faults(trial.report, job))))
    if job.repeats:
        checks.append(
            ("what passes is tried again", weights.WIRE_ROUND, list(_repeat_faults(trial.report, job)))
        )
    if job.signature:
        checks.append(
            ("signatures are checked", weights.WIRE_ROUND, list(_signature_faults(trial.report, job)))
        )
    return tuple(
        finding(check, passed=not faults, weight=weight, detail="; ".join(faults[:3]))
        for check, weight, faults in checks
    )


def _exercises(job: Job) -> Iterator[Exercise]:
    for name, call in zip(job.names, job.calls, strict=True):
        arguments, _ = sample(call)
        steps: dict[str, list[dict[str, Any]] | None] = {"calls": _answers(job, call)}
        steps |= {f"refuses {status}": [{"status": status, "body": {"error": "no"}}] for status in REFUSALS}
        steps["absent"] = None
        if job.repeats:
            steps["passes"] = [{"status": 503, "body": {}}, {"status": 503, "body": {}}, *_answers(job, call)]
            wait = {"status": 429, "body": {}, "headers": {"Retry-After": str(WAIT_S)}}
            steps["waits"] = [wait, *_answers(job, call)]
        yield from (
            {"name": f"{name} {step}", "method": name, "arguments": arguments, "answers": answers}
            for step, answers in steps.items()
        )


def _answers(job: Job, call: Call) -> list[dict[str, Any]]:
    """What the stand-in says to a call that goes well: two pages where it has pages."""
    if call is not job.paged:
        return [{"status": 200, "body": OK}]
    first, rest, after = ROWS[:2], ROWS[2:], f"{{base}}{_second(call)}"
    pages: Mapping[str, list[dict[str, Any]]] = {
        "cursor": [
            {"body": {job.items: first, "next_cursor": "c2"}},
            {"body": {job.items: rest, "next_cursor": None}},
        ],
        "link": [
            {"body": {job.items: first}, "headers": {"Link": f'<{after}>; rel="next"'}},
            {"body": {job.items: rest}},
        ],
        "token": [{"body": {job.items: first, "next_page_token": "c2"}}, {"body": {job.items: rest}}],
        "offset": [{"body": {job.items: first}}, {"body": {job.items: rest}}, {"body": {job.items: []}}],
        "page": [{"body": {job.items: first}}, {"body": {job.items: rest}}, {"body": {job.items: []}}],
        "next": [{"body": {job.items: first, "next": after}}, {"body": {job.items: rest, "next": None}}],
    }
    return [{"status": 200, **one} for one in pages[job.pages]]


def _second(call: Call) -> str:
    return f"{call.path}{'&' if '?' in call.path else '?'}page=2"


def _call_faults(report: Mapping[str, Any], job: Job) -> Iterator[str]:
    for name, call in zip(job.names, job.calls, strict=True):
        one = report[f"{name} calls"]
        arguments, path = sample(call)
        if one["error"] or not one["came"]:
            yield f"{name}: {one['error'] or 'no request came'}"
            continue
        yield from (
            f"{name}: {fault}" for fault in _request_faults(one["came"][0], call, path, arguments, job)
        )
        if call is not job.paged and one["result"] != OK:
            yield f"{name} returns {str(one['result'])[:100]} for the answer {OK}"


def _request_faults(
    came: Mapping[str, Any], call: Call, path: str, arguments: Sequence[Any], job: Job
) -> Iterator[str]:
    if came["method"] != call.method:
        yield f"{came['method']} came instead of {call.method}"
    if not _same_path(came["path"], path, extra=job.pages if call is job.paged else ""):
        yield f"{came['path']} came instead of {path}"
    header, value = credential_header(call, CREDENTIAL)
    if header and came["headers"].get(header.lower()) != value:
        yield f"the header {header} held {came['headers'].get(header.lower())!r} instead of {value!r}"
    if call.method in WITH_BODY:
        yield from _body_faults(came, arguments[-1])


def _body_faults(came: Mapping[str, Any], payload: Any) -> Iterator[str]:
    try:
        sent = json.loads(came["body"])
    except ValueError:
        sent = came["body"]
    if sent != payload:
        yield f"the body was {str(sent)[:100]} instead of {payload}"
    if "json" not in came["headers"].get("content-type", ""):
        yield "the body is not called JSON by a Content-Type"


def _same_path(came: str, wanted: str, *, extra: str) -> bool:
    """Tell whether the path is the one described; the first of several pages may be asked for by its number."""
    one, other = urlsplit(came), urlsplit(wanted)
    mine, theirs = parse_qs(one.query), parse_qs(other.query)
    if extra == "page" and mine.get("page") == ["1"]:
        mine.pop("page")
    if extra == "offset":  # how many at once is the client's own choice
        mine = {
            name: value
            for name, value in mine.items()
            if name != "limit" and (name, value) != ("offset", ["0"])
        }
    return one.path == other.path and mine == theirs


def _refusal_faults(report: Mapping[str, Any], job: Job) -> Iterator[str]:
    for name in job.names:
        for status in REFUSALS:
            one = report[f"{name} refuses {status}"]
            if (one.get("kind"), one.get("status")) != ("CallFailedError", status):
                yield f"{name}: a {status} gives {one['error'] or 'no error'} with the status {one.get('status')}"
            elif len(one["came"]) > 1:
                yield f"{name}: a {status} is tried again"
        one = report[f"{name} absent"]
        if (one.get("kind"), one.get("status")) != ("CallFailedError", None):
            yield f"{name}: without an answer there is {one['error'] or 'no error'} with the status {one.get('status')}"


def _page_faults(report: Mapping[str, Any], job: Job) -> Iterator[str]:
    assert job.paged
    one = report[f"{job.names[job.calls.index(job.paged)]} calls"]
    if one["error"] or one["result"] != ROWS:
        yield f"it returns {one['error'] or str(one['result'])[:100]} instead of the rows of both pages {ROWS}"
    asked = [parse_qs(urlsplit(came["path"]).query) for came in one["came"]]
    name, value = SECOND.get(job.pages, ("page", "2"))
    wanted = {name: [value]}
    if len(asked) <= 1 or not wanted.items() <= asked[1].items():
        yield f"the second page was asked for by {one['came'][1]['path'] if len(asked) > 1 else 'nothing'}"
    header, value = credential_header(job.paged, CREDENTIAL)
    if header and any(came["headers"].get(header.lower()) != value for came in one["came"]):
        yield "a later page is asked for without the credential"


def _repeat_faults(report: Mapping[str, Any], job: Job) -> Iterator[str]:
    for name in job.names:
        passes, waits = report[f"{name} passes"], report[f"{name} waits"]
        if passes["error"]:
            yield f"{name}: after two times 503 it gives up: {passes['error']}"
        slept = passes["slept"][:2]
        if not passes["error"] and (
            len(slept) <= 1 or any(after <= before for before, after in pairwise(slept))
        ):
            yield f"{name}: it waited {slept} s between its tries, which does not grow"
        if len({(came["method"], came["path"], came["body"]) for came in passes["came"][:3]}) != 1:
            yield f"{name}: it does not send the same again"
        if waits["error"] or not waits["slept"] or waits["slept"][0] < WAIT_S:
            yield f"{name}: told to wait {WAIT_S} s it waited {waits['slept'][:1]} and ended with {waits['error'] or 'an answer'}"


def _signature_faults(report: Mapping[str, Any], job: Job) -> Iterator[str]:
    one = report["signed"]
    if one["error"]:
        yield one["error"]
        return
    for case, said in zip(cases(job, now=0), one["result"], strict=True):
        if said is not case.genuine:
            yield f"{case.name} is {'taken' if said else 'refused'}"


def _signed(job: Job) -> list[list[Any]]:
    """Secret, body and headers of webhooks, none where the job has none."""
    found = cases(job, now=int(time.time())) if job.signature else []
    return [[SECRET, case.body, case.headers] for case in found]
