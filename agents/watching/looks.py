"""How states look: a word, a mark and a colour's name, so that nothing is told by colour alone."""

from collections.abc import Mapping
from typing import Any

MOST_LETTERS = 31  # of a line in a step's box


def _look(word: str, mark: str, colour: str) -> dict[str, str]:
    return {"word": word, "mark": mark, "colour": colour}


LOOKS = {
    "pending": _look("waits for a worker", "…", "wait"),
    "in_progress": _look("works", "▶", "busy"),
    "waiting": _look("later", "…", "calm"),
    "ready": _look("ready", "○", "wait"),
    "held": _look("held", "‖", "wait"),
    "running": _look("works", "▶", "busy"),
    "asks": _look("waits", "?", "wait"),
    "completed": _look("done", "✓", "good"),
    "doubtful": _look("done, in doubt", "!", "wait"),
    "failed": _look("failed", "✗", "bad"),
    "skipped": _look("skipped", "↷", "calm"),
    "cancelled": _look("cancelled", "⊘", "calm"),
}


def look_of(step: Mapping[str, Any]) -> dict[str, str]:
    """Return how a step looks: one that was done without success is in doubt."""
    state = str(step.get("state", "waiting"))
    return LOOKS["doubtful" if state == "completed" and step.get("success") is False else state]


def state_of(execution: Mapping[str, Any], steps: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the state that an execution is shown in: one of which nothing is at work stands as its steps do."""
    states = {step.get("state") for step in steps.values()}
    if execution["state"] != "in_progress" or "running" in states:
        return str(execution["state"])
    return "asks" if "asks" in states else "held" if execution["paused"] else "in_progress"


def sure(confidence: float | None) -> str:
    """Return a confidence in words; empty where there is none."""
    return "" if confidence is None else f"{confidence:.1f} of 10"


def in_two_lines(text: str) -> tuple[str, str]:
    """Return a text as the two lines that a step's box has for it, cut where it is longer."""
    if len(text) <= MOST_LETTERS:
        return text, ""
    space = text.rfind(" ", 1, MOST_LETTERS + 1)
    first = text[:space] if space > 0 else text[:MOST_LETTERS]
    rest = text[len(first) :].lstrip(" ")
    return first, rest if len(rest) <= MOST_LETTERS else rest[: MOST_LETTERS - 1].rstrip(" ") + "…"
