"""What could be changed about an agent whose results fail a check: by rules, from stored facts, the mildest first."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Avg, Count

from agents.changes import MOST_ANSWER, MOST_GIVEN, Change, Kind
from agents.executions import LEADER
from agents.models import Memory, Step
from routing import board, personal_data

WELL_RATED = 8.0  # confidence from which a result may serve as an example
ENOUGH_STEPS = 5  # of one model before its mean says something
LEAST_BETTER = 0.5  # of 10: by so much another model's mean has to be higher

# What a check wants, said to a model. A check without a row is named as it is.
WANTS: Mapping[str, str] = {
    "the answer is complete": "Keep the answer short enough to finish it, and end with a full sentence.",
    "has the right length": "Keep exactly to the length that is asked for.",
    "covers the text": "Name the main point of every part of the text.",
    "says what the source says": "Say only what the text says; add nothing of your own.",
    "numbers and names come from the source": "Use only numbers and names that stand in the text, spelt as they are there.",
    "keeps the numbers": "Keep every number exactly as it is.",
    "is about the question": "Answer the question that is asked, with its own words.",
    "does not repeat itself": "Say each thing once.",
    "is not the same text": "Do not copy the text; say it in other words.",
    "its tests pass": "Work through each test by hand before you write the code, and return exactly what the test expects.",
    "the code parses": "Write one complete block of valid Python and nothing else.",
    "the code runs": "Write code that runs by itself, with every import it needs.",
    "the function asked for is there": "Define the function under exactly the name that is asked for.",
    "what it shall do is in it": "Take up everything that is asked for.",
    "covers every requirement": "Give every requirement a place, by its id.",
    "every requirement stands in the request": "Name only requirements whose words stand in the request.",
    "most of the request is taken up": "Go through the request clause by clause and leave none out.",
    "has the agreed structure": "Answer in exactly the structure that is asked for.",
    "every clause has its agents": "Give every clause of the request to an agent, in its own words.",
    "the model's plan can be used": "Answer with one JSON object of the agreed form, and name only agents of the list.",
    "no dangerous call": "Use no eval, exec, shell or network call.",
}
# What lies in the task or in the facts at hand: no words of a prompt change it.
BEYOND_WORDS = frozenset(
    {
        "can be checked against a source",
        "there is a text to work on",
        "there is code to review",
        "there is something to ship",
        "facts were there to read",
        "an analysis was handed over",
        "code was handed over",
        "enough runs behind every proposal",
        "enough requests of each model",
        "enough executions to say much",
    }
)


# The name of a check is a short phrase of a verifier's; nothing longer or stranger enters a prompt.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,'-]{2,79}\.?")


def sentence_for(check: str) -> str:
    """Return what a prompt says so that the check passes, "" for what is no check's name."""
    named = f"Make sure of this before you answer: {check.rstrip('.')}." if _PLAIN.fullmatch(check) else ""
    return WANTS.get(check) or named


def remedies(step: Step, failed: Sequence[Mapping[str, Any]]) -> Iterator[Change]:
    """Yield changes that may help against the heaviest failed check, or a low record where none failed."""
    wanted = [str(one["check"]) for one in failed if one["check"] not in BEYOND_WORDS]
    kind = Kind.PLAN_RULE if step.agent == LEADER else Kind.PROMPT
    for text in filter(None, map(sentence_for, wanted[:3])):
        yield Change(kind, text=text)
    if wanted and step.agent != LEADER:
        yield from _examples(step)
        yield Change(Kind.TOOL, tool="recall")
    yield from _models(step)


def _examples(step: Step) -> Iterator[Change]:
    """A good result of this agent that is short enough to be shown, the best first.

    Every step of the agent will read it: so only what the whole tenant may see, that does not end, and that holds
    nothing which looks personal or secret.
    """
    found = (
        Memory.objects.filter(
            agent=step.agent,
            kind=Memory.Kind.RESULT,
            origin=Memory.Origin.RESULT,
            scope=Memory.Scope.TENANT,
            expires=None,
            confidence__gte=WELL_RATED,
        )
        .exclude(step_id=step.pk)
        .order_by("-confidence", "-created")[:20]
    )
    for one in found:
        short = len(one.request) <= MOST_GIVEN and 0 < len(one.text) <= MOST_ANSWER
        if (
            short
            and one.request
            and all(personal_data.without(text) == text for text in (one.request, one.text))
        ):
            yield Change(Kind.EXAMPLE, given=one.request, answer=one.text, origin=str(one.step_id))
            return


def _models(step: Step) -> Iterator[Change]:
    """The model with a clearly better record at this agent's work, then the strongest one within reach."""
    rows = (
        Step.objects.filter(agent=step.agent, state=Step.State.COMPLETED)
        .exclude(model="")
        .values("model")
        .annotate(mean=Avg("confidence"), steps=Count("id"))
    )
    means = {row["model"]: float(row["mean"]) for row in rows if row["steps"] >= ENOUGH_STEPS}
    here = board.reachable()
    within = {
        model.id: model.quality.value
        for model in board.catalog().models
        if model.provider in here and model.price
    }
    better = [
        model
        for model, mean in means.items()
        if model in within and model != step.model and mean >= means.get(step.model, 10.0) + LEAST_BETTER
    ]
    stronger = [model for model, quality in within.items() if quality > within.get(step.model, 0.0)]
    best = (
        sorted(better, key=lambda one: -means[one])[:1] + sorted(stronger, key=lambda one: -within[one])[:1]
    )
    for model in dict.fromkeys(best):
        yield Change(Kind.MODEL, model=model)
