"""Tell of a site that was made: as the result of the step that made it, with what others need to review and ship it."""

from typing import Any

from agents.contract import Result
from agents.crafts.site import OPEN, Site, how_of, summary

SHOWN = ("site.json",)  # what is particular to this site; the rest is named


def of_site(made: Site) -> Result:
    """Return the result of making a site; it succeeds where nothing failed that would make it unfit to be shown."""
    notes = [*_origin(made), *made.notes, _tried(made)]
    failed = [one for one in made.evidence if not one.passed and one.check not in OPEN]
    error = f"{failed[0].check}: {failed[0].detail}" if failed else None
    shown = "\n\n".join(
        _fenced(path, text) for path, text in made.files.items() if path in SHOWN or path in made.functions
    )
    listed = ", ".join(f"`{path}`" for path in sorted(made.files))
    return Result(
        made.sound,
        "\n\n".join([*notes, f"Files: {listed}.", shown]),
        _data(made, notes),
        made.evidence,
        "quality",
        error=error,
        suggestions=_suggestions(made),
    )


def _data(made: Site, notes: list[str]) -> dict[str, Any]:
    tests = dict(made.trial.report.get("tests", {}))
    return {
        "files": dict(made.files),
        "site": {
            "title": made.wish.title,
            "description": made.wish.tagline,
            "template": made.template.name,
            "why": made.wish.chosen.why,
            "how": how_of(made.template),
            "recipe": made.template.recipe(),
            "calls": [list(one) for one in made.calls],
            "said": list(made.said),
            "functions": sorted(made.functions),
        },
        "written_by": made.origin,
        "run": {
            "tests": tests,
            "health": made.trial.report.get("health"),
            "start_ms": made.trial.report.get("start_ms"),
        },
        "notes": notes,
    }


def _origin(made: Site) -> list[str]:
    chosen = f"“{made.wish.title}” is {made.template.says}: {made.wish.chosen.why}."
    if made.origin == f"the {made.template.name} template":
        return [
            f"{chosen} Made from the {made.template.name} template and filled from the request; no model wrote its code."
        ]
    return [
        f"{chosen} Its files were written by {made.origin}, starting from the {made.template.name} template."
    ]


def _written(made: Site) -> str:
    return "its function is written for it." if made.functions else "no model wrote its code."


def _tried(made: Site) -> str:
    if not made.trial.ran:
        return f"Not run: {made.trial.reason}."
    tests = made.trial.report["tests"]
    if not made.sound:
        return f"**It does not pass its checks**: {summary(made.evidence)}"
    pages = len(made.trial.report["pages"])
    return (
        f"In the sandbox {tests['ran']} of {tests['ran']} tests pass, it starts in {made.trial.report['start_ms']} ms,"
        f" and {pages} addresses answer as they should. {summary(made.evidence)}"
    )


def _suggestions(made: Site) -> tuple[str, ...]:
    if made.wish.records:
        return (
            "Records are kept in the app's own home and go with it; name a database to keep them longer.",
        )
    return ()


def _fenced(path: str, text: str) -> str:
    return f"`{path}`\n```{path.rpartition('.')[2]}\n{text.rstrip()}\n```"
