"""Answers that wait for a judge: providers on sockets, one of whose models answers and whose stronger ones judge."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked, WireServer
from routing import gateway, policies
from routing.messages import Message, Prompt
from routing.models import Judgement
from routing.requirement import Requirement
from routing.tasks import JUDGE

ANSWERS = "openai/gpt-oss-20b"  # whose answers are judged: weaker than most
QUESTION, ANSWER = "What causes the tides?", "The gravity of the Moon and of the Sun."
ask = partial(gateway.complete, attribution=JUDGE)


def verdict(score: Any, reason: str = "Right, and complete.") -> Reply:
    return Reply(text=json.dumps({"reason": reason, "score": score}))


@dataclass
class Court:
    """`verdict` is what judges say; it may be replaced at any time. `judges` are the requests they got."""

    verdict: Callable[[Asked], Reply] = lambda _asked: verdict(8)
    judges: list[Asked] = field(default_factory=list)

    def script(self, asked: Asked) -> Reply:
        if not any("You grade" in turn["content"] for turn in asked.body["messages"]):
            return Reply(text=ANSWER)
        self.judges.append(asked)
        return self.verdict(asked)


@contextmanager
def court() -> Iterator[Court]:
    """Both providers set up, with one script."""
    room = Court()
    with WireServer(room.script) as kimi, WireServer(room.script) as groq:
        with providers(kimi=kimi.url, groq=groq.url):
            yield room


def answer_by(model: str = ANSWERS, *, question: str = QUESTION) -> gateway.Answer:
    """One answer of this model."""
    return gateway.complete(
        Prompt((Message("user", question),)),
        Requirement("chat"),
        attribution=gateway.Attribution(agent="communication"),
        among=lambda candidate: candidate.id == model,
    )


def queued(model: str = ANSWERS) -> Judgement:
    """One answer of this model that waits for a judge, in a tenant that has all answers judged."""
    policies.change(judge_share=1)
    row: Judgement = Judgement.objects.get(decision_id=answer_by(model).decision_id)
    return row
