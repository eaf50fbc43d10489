"""An agent whose answers can be made better or worse by a sentence in its prompt: a provider on a socket, and stored work."""

import json
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents import executions, memory, submission
from agents.changes import Change, Kind
from agents.memory.embedding import embedded_if_possible
from agents.models import Execution, Step
from agents.registry_kinds import ORCHESTRATOR
from agents.text.words import content_words, stem
from miosa.testing.flows import providers, run
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked, WireServer

AGENT = "communication"
HELPS, HARMS, NOTHING = "Say each thing once.", "Say it again and again.", "Be kind."
USAGE = {"prompt_tokens": 20, "completion_tokens": 10}
GOOD = [{"check": "does not repeat itself", "passed": True, "weight": 2.0, "detail": ""}]
BAD = [{"check": "does not repeat itself", "passed": False, "weight": 2.0, "detail": ""}]
SUBJECTS = (
    "gateway", "lighthouse", "compass", "harbour", "glacier", "orchard", "volcano", "telescope", "windmill",
    "canal", "library", "granary", "bakery", "bridge", "castle", "desert", "engine", "forest", "garden", "hammer",
)  # fmt: skip


def system_of(asked: Asked) -> str:
    return str(asked.body["messages"][0]["content"])


def answer(subject: str, *, repeats: bool) -> str:
    if repeats:
        return " ".join([f"a {subject} is a {subject} and"] * 12) + "."
    return f"A {subject} is a thing that people know well. It serves those who live near it, and it lasts for years."


def subject_of(asked: Asked) -> str:
    return next((one for one in SUBJECTS if one in asked.prompt), "thing")


def plan(asked: Asked) -> Reply | None:
    """A plan of one step, where the question is for a plan; rules would have made the same."""
    if not system_of(asked).startswith(ORCHESTRATOR.prompt):
        return None
    found = re.search(r"Explain what a \w+ is\.", asked.prompt)
    step = {
        "key": "talk",
        "agent": AGENT,
        "instruction": found.group() if found else "Explain it",
        "depends_on": [],
    }
    return Reply(text=json.dumps({"reasoning": "One part.", "steps": [step]}), usage=USAGE)


def by_prompt(*, usually_repeats: bool = True) -> Callable[[Asked], Reply]:
    """Answers repeat themselves, or do not, as the prompt in force has it."""

    def script(asked: Asked) -> Reply:
        if planned := plan(asked):
            return planned
        said = system_of(asked)
        repeats = HARMS in said or (usually_repeats and HELPS not in said)
        return Reply(
            text=answer(subject_of(asked), repeats=repeats),
            usage=USAGE,
        )

    return script


def bags(body: dict[str, Any]) -> dict[str, Any]:
    """Embeddings whose cosine is the share of common words, as a real model's roughly is."""
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    rows = []
    for place, text in enumerate(texts):
        values = [0.0] * 384
        for word in content_words(str(text)):
            values[zlib.crc32(stem(word).encode()) % 384] += 1.0
        norm = sum(value * value for value in values) ** 0.5
        vector = [value / norm for value in values] if norm else [1.0, *values[1:]]
        rows.append({"object": "embedding", "index": place, "embedding": vector})
    return {"object": "list", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@contextmanager
def provider(script: Callable[[Asked], Reply], *, kimi: bool = False) -> Iterator[WireServer]:
    """One provider with all its models, and embeddings beside it; with `kimi` another whose models are stronger."""
    with WireServer(script, embeddings=bags) as wire:
        stronger = wire.url if kimi else ""
        with providers(groq=wire.url, kimi=stronger, embeddings=wire.url.removesuffix("/v1")):
            yield wire


def work(count: int, *, first: int = 0) -> list[Step]:
    """Run so many executions, and return the steps of the agent."""
    done = []
    for subject in SUBJECTS[first : first + count]:
        execution = run(submission.submit(f"Explain what a {subject} is.", requested_by="user:test"))
        done.append(execution.steps.get(agent=AGENT))
    return done


def steps(version, evidence, count, *, each=1):
    """Executions that began and ended since the rollout did, each with so many steps of the agent."""
    now = timezone.now()
    whole = Execution.objects.bulk_create(
        Execution(
            request="Do it", ceiling_micros=0, requested_by="user:test", finished=now, state="completed"
        )
        for _ in range(count)
    )
    Step.objects.bulk_create(
        Step(
            execution=execution, key=f"part-{number}", position=number, agent=AGENT, purpose="", instruction="Do it",
            state="completed", success=True, confidence=Decimal(8), evidence=evidence, prompt_version=version,
            finished=now,
        )
        for execution in whole
        for number in range(1, each + 1)
    )  # fmt: skip


def stored(instruction="Explain it", *, key="part", agent=AGENT, **fields):
    """A step as it was done before, in an execution of its own."""
    execution = executions.open_execution(instruction, ceiling_micros=0, requested_by="user:test")
    values = {
        "output": "A good answer.",
        "confidence": Decimal(9),
        "model": "some/model",
        "calls": 1,
    } | fields
    return Step.objects.create(
        execution=execution, key=key, position=1, agent=agent, purpose="", instruction=instruction, state="completed",
        success=True, **values,
    )  # fmt: skip


def remembered(step):
    """What the step made, in memory, found by the words of its instruction."""
    pattern = embedded_if_possible(step.instruction) or [384**-0.5] * 384
    with transaction.atomic():
        memory.remember_result(
            step, confidence=float(step.confidence), pattern=pattern, model="all-MiniLM-L6-v2"
        )


def sentence(text: str) -> Change:
    return Change(Kind.PROMPT, text=text)


def judging(script: Callable[[Asked], Reply], better: Callable[[str, str], str]) -> Callable[[Asked], Reply]:
    """The same provider, whose stronger models also compare two answers."""

    def either(asked: Asked) -> Reply:
        if "You compare two answers" not in system_of(asked):
            return script(asked)
        mark = asked.prompt.split("\n", 1)[0].removeprefix("request ")
        first = asked.prompt.split(f"\nfirst {mark}\n")[1].split(f"\nend of first {mark}")[0]
        second = asked.prompt.split(f"\nsecond {mark}\n")[1].split(f"\nend of second {mark}")[0]
        return Reply(
            text=json.dumps({"reason": "One of them repeats itself.", "better": better(first, second)})
        )

    return either
