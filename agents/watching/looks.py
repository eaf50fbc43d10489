"""How states look: a word, a mark and a colour's name, so that nothing is told by colour alone."""

from collections.abc import Mapping
from typing import Any

MOST_LETTERS = 31


def _look(word: str, mark: str, colour: str) -> dict[str, str]:
    return {"word": word, "mark": mark, "colour": colour}


LOOKS = {
    "pending": _look("waits for a worker", "…", "wait"),
    "in_progress": _look("works", "▶", "busy"),
    "waiting": _look("waits", "…", "calm"),
    "ready": _look("ready", "○", "wait"),
    "held": _look("held", "‖", "wait"),
    "running": _look("works", "▶", "busy"),
    "asks": _look("waits for an answer", "?", "wait"),
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


def sure(confidence: float | None) -> str:
    """Return a confidence in words; empty where there is none."""
    return "" if confidence is None else f"{confidence:.1f} of 10"


def shortened(text: str) -> str:
    """Return a text that fits into a step's box."""
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1].rstrip() + "…"
