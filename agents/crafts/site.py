"""Make a site: read what is asked, fill the template that fits, let a strong model go on from there, try it all out.

Templates used: "site" (request, files, fault), and those of `site_parts`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agents.contract import Evidence, ModelUnavailable
from agents.crafts.asking import Asker
from agents.crafts.site_parts import left_out, offered, written
from agents.crafts.templates import Template, filled, template
from agents.text.site import SiteWish, read_site
from agents.text.site_content import site_content
from agents.verifiers import weights
from agents.verifiers.code import NOT_RUN, UNTESTED
from agents.verifiers.finding import finding
from agents.verifiers.pages import page_faults
from agents.verifiers.site import SiteTrial, site_evidence, try_site
from agents.verifiers.structure import invalid

ROUNDS = 3  # a strong model's first answer and two repairs
# What lowers the confidence without making the site unfit to be shown.
OPEN = frozenset({NOT_RUN, UNTESTED, "its texts have a source", "what it shall do is in it"})
FILES_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["files"],
    "properties": {
        "files": {
            "type": "array",
            "minItems": 1,
            "maxItems": 20,
            "items": {
                "type": "object",
                "required": ["path", "content"],
                "properties": {
                    "path": {
                        "type": "string",
                        "pattern": "^[a-z0-9_]+(?:/[a-z0-9_-]+){0,3}\\.(?:py|html|css|js|mjs|json|svg|txt)$",
                    },
                    "content": {"type": "string", "maxLength": 60_000},
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Site:
    """A site with what came of trying it; `origin` says who wrote it, `calls` are what it must answer."""

    wish: SiteWish
    template: Template
    files: Mapping[str, str]
    evidence: tuple[Evidence, ...]
    trial: SiteTrial
    origin: str
    notes: tuple[str, ...] = ()
    calls: tuple[tuple[Any, ...], ...] = ()
    said: tuple[str, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """True where no check failed that would make it unfit to be shown."""
        return all(one.passed or one.check in OPEN for one in self.evidence)


def make_site(ask: Asker, request: str, *, fault: str = "") -> Site:
    """Return the site a request asks for; `fault` is what a review found in an earlier one."""
    wish = read_site(request)
    function = left_out(wish, fault) if fault and not ask.capable() else offered(ask, wish, request)
    wish, doubts, told = written(ask, wish)
    chosen = template(wish.chosen.template)
    site = site_content(wish, function=function.function)
    files = filled(chosen, site, beside=function.files)
    made = Site(
        wish,
        chosen,
        files,
        (*function.evidence, *doubts),
        SiteTrial(),
        f"the {chosen.name} template",
        (*function.notes, *told),
        _calls(site),
        _said(site),
        function.files,
    )
    tried = _tried(ask, made)
    return _by_model(ask, tried, request, fault) if ask.capable() else tried


def _calls(site: Mapping[str, Any]) -> tuple[tuple[Any, ...], ...]:
    """Return what any such site must answer: (method, path, body, status)."""
    found: list[tuple[Any, ...]] = [("GET", "/no-such-page", None, 404)]
    if site["records"]:
        place = f"/{site['api']}"
        first = site["records"]["fields"][0]["name"]
        found += [("GET", place, None, 200), ("POST", place, {}, 422), ("POST", place, {first: "1"}, 201)]
        found += [
            ("GET", place, None, 200),
            ("DELETE", f"{place}/1", None, 204),
            ("DELETE", f"{place}/1", None, 404),
        ]
    if site["tool"]:
        found += [("POST", f"/api/{site['tool']['slug']}", {}, 422)]
    return tuple(found)


def _said(site: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words that must stand on the first page."""
    fields = site["records"]["fields"] if site["records"] else []
    return (
        site["title"],
        *(one["heading"] for one in site["sections"]),
        *(text for one in site["sections"] for text in (*one["texts"], *one["points"])),
        *(one["label"] for one in fields),
    )


def _tried(ask: Asker, made: Site) -> Site:
    trial = try_site(ask.bench, made.files, how_of(made.template), calls=made.calls)
    checks = site_evidence(trial, made.said)
    if not trial.ran and made.template.kind == "static":  # a page can be read without running anything
        faults = page_faults(made.files[f"{made.template.publish}/index.html"])
        checks += (
            finding("the pages are sound", passed=not faults, weight=weights.PAGES, detail="; ".join(faults)),
        )
    return replace(made, trial=trial, evidence=(*made.evidence, *checks))


def how_of(chosen: Template) -> dict[str, str]:
    """Return how a site is tested, started and asked whether it is well."""
    return {
        "test": chosen.test,
        "start": chosen.start,
        "publish": chosen.publish,
        "health_path": chosen.health,
    }


def _by_model(ask: Asker, made: Site, request: str, fault: str) -> Site:
    """Let a strong model rewrite the template's files; what does not pass the same checks gives way to the template."""
    for round_number in range(1, ROUNDS + 1):
        try:
            reply = ask(
                "site",
                request=request,
                files=_shown(made),
                fault=f"\nThe last try had this fault: {fault}" if fault else "",
                schema=FILES_SCHEMA,
                max_output_tokens=8000,
            )
        except ModelUnavailable as away:
            fault = str(away)
            break
        changed, fault = _read(reply.text)
        if fault:
            continue
        own = [one for one in made.evidence if one.check in OPEN]
        tried = _tried(
            ask, replace(made, files={**made.files, **changed}, origin=reply.model, evidence=tuple(own))
        )
        ask.bench.judge(tried.evidence)
        if tried.sound and tried.trial.ran:
            return tried
        fault = next(
            (
                f"{one.check}: {one.detail}"
                for one in tried.evidence
                if not one.passed and one.check not in OPEN
            ),
            "it did not run",
        )
        ask.bench.note(f"Round {round_number} does not pass: {fault[:200]}")
    note = f"A model tried to write the site itself and did not pass its checks ({fault[:200]}); the template stands."
    return replace(made, notes=(*made.notes, note))


def _shown(made: Site) -> str:
    return "\n\n".join(f"# {path}\n{text}" for path, text in made.files.items() if not _kept(path))


def _kept(path: str) -> bool:
    """Return whether a file is the yardstick, or the recipe: a model may not change these."""
    name = path.rpartition("/")[2]
    return (
        name.startswith(("test_", "tests.", "cases."))
        or ".test." in name
        or name in {"site.json", "requirements.txt"}
    )


def _read(text: str) -> tuple[dict[str, str], str]:
    """Return the files of an answer, or what is wrong with it."""
    try:
        answer = json.loads(text[text.find("{") : text.rfind("}") + 1])
    except ValueError as error:
        return {}, f"not one JSON object ({error})"
    fault = invalid(answer, FILES_SCHEMA)
    if fault:
        return {}, fault
    return {one["path"]: one["content"] for one in answer["files"] if not _kept(one["path"])}, ""


def summary(evidence: Sequence[Evidence]) -> str:
    """Return how the checks went, in one sentence."""
    failed = [one for one in evidence if not one.passed]
    passed = len(evidence) - len(failed)
    told = "; ".join(f"{one.check}: no. {one.detail}".strip() for one in failed[:2])
    return f"{passed} of {len(evidence)} checks passed{f': {told}' if told else ''}."
