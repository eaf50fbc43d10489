"""A/A proposals on the real path: stored executions, the product's own replays, a provider on a socket whose answers vary.

Nothing that is proposed changes anything: the provider draws each answer by lot, whoever asks. A stronger model judges
each pair, and mostly likes what it is shown first. All is decided by the product: pairs, looks, bounds, states.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django_tenants.utils import tenant_context

from agents import proposals, proving
from agents.models import Proposal, ProposalTrial
from agents.tests.improving import AGENT, USAGE, answer, judging, provider, sentence, stored
from billing.models import Budget
from billing.subscriptions import current_budget
from miosa.testing.wire_replies import Reply
from miosa.testing.wire_server import Asked
from tenants.provisioning import open_tenant

STORED = 60  # steps: more than three looks take
REPEATS, SHORT = 0.4, 0.3  # of answers, so that differences scatter
FIRST_LIKED = 0.8
ROOM_MICROS = 10**12  # of the budget: no proof ends for want of it
SEED = 2026
THINGS = ("gate", "lamp", "boat", "tower", "wheel", "mill", "clock", "mast", "well", "kiln")


def measured(proposed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Prove so many A/A proposals, and return what became of them; seconds are those of the proofs alone."""
    tenant = open_tenant("bench", name="Bench", owner_email="bench@miosa.example").tenant
    with tenant_context(tenant), provider(_script(random.Random(SEED)), kimi=True):
        current_budget()
        Budget.objects.update(executions_cap=None, cap_micros=ROOM_MICROS)
        for number in range(STORED):
            stored(f"Explain what the {THINGS[number % len(THINGS)]} of harbour {number} is for.")
        began = time.perf_counter()
        rows = [_proven(number, say) for number in range(proposed)]
        return _told(rows) | {"seconds": round(time.perf_counter() - began, 1)}


def _proven(number: int, say: Callable[[str], None]) -> Proposal:
    row = proposals.draft(AGENT, sentence(f"This is note {number}."), cause="nothing").row
    while row.state == proposals.State.DRAFT:
        tested = proving.prove(row.pk)
        row = proposals.proposal(row.pk)
        if tested.look is None:
            raise RuntimeError(f"{row} was not tested: {tested.why}")
    if row.state == proposals.State.ROLLING:
        proposals.move(row.pk, proposals.State.REVERTED, "counted", share=0.0)
    say(f"{row}: {row.state}, {row.reason}")
    return row


def _told(rows: list[Proposal]) -> dict[str, Any]:
    accepted = sum(row.state == proposals.State.ROLLING for row in rows)
    trials = ProposalTrial.objects
    return {
        "proposals": len(rows),
        "accepted": accepted / len(rows),
        "looks": dict(sorted(Counter(row.looks for row in rows).items())),
        "pairs": trials.count(),
        "ties": trials.filter(difference=0).count() / trials.count(),
        "judged": trials.exclude(judge="").count() / trials.count(),
    }


def _script(rng: random.Random) -> Callable[[Asked], Reply]:
    def drawn(_asked: Asked) -> Reply:
        said = answer(rng.choice(THINGS), repeats=rng.random() < REPEATS)
        text = said[: len(said) // 3] if rng.random() < SHORT else said
        return Reply(text=text, usage=USAGE)

    return judging(drawn, lambda _first, _second: "first" if rng.random() < FIRST_LIKED else "second")
