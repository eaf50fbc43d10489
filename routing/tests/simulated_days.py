"""Days of a tenant, made up but lived through the product's own doors: decisions, answers, verdicts, changes of mind."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from miosa.testing.flows import providers
from routing import board, deciding, outcomes, policies, promotions, prompt_fits, verdicts
from routing.attempt_record import AttemptRecord
from routing.decided import Decided
from routing.errors import NoCandidate
from routing.models import Decision, Promotion, PromptFit
from routing.policies import named
from routing.prompts.fitting import PromptRow, fit
from routing.prompts.traits import traits
from routing.requirement import MODES, TASK_KINDS, Requirement
from routing.scoring.weights import WeightSet

TOPICS = ("", "", "", "algebra", "sql")
# Around the limits of the models, and several within one class of size.
SIZES = (90, 90, 1_100, 1_536, 1_537, 1_900, 20_000, 120_000, 126_976, 126_977, 130_000, 250_000)
DIMENSIONS = 16
SIMILAR = 0.3  # share of tasks that come with an embedding, and are like one of FEW
FEW = 4
FALLEN = 0.05  # success rate of a model after its fall
GOOD_TIMES, BAD_TIMES = 50, 50
SMALL_TALK = Requirement("chat", input_tokens=90)
TEXTS = (
    "hi", "what is 2 + 2?", "name a colour",
    "Prove that the sum of two odd numbers is even, step by step, and say where each assumption is used in the proof.",
    "Write a function that merges two sorted lists without recursion, with tests for the empty list and for duplicates.",
)  # fmt: skip
LONG = 50
NOBODY = "http://127.0.0.1:9/v1"
QUALITY_FIRST = WeightSet("quality first", dict.fromkeys(MODES, (0.2, 0.4, 0.1, 0.1, 0.1, 0.1)))


def life(days: "Days", part: int) -> int:
    """Live parts of so many decisions, with a change between any two; return how many decisions found a model."""
    with providers(groq=NOBODY, kimi=NOBODY, local=NOBODY):
        made = days.live(part)
        policies.change(most_explored=0.5)
        made += days.live(part)
    with providers(local=NOBODY):  # nobody else can answer, so that a record of one model grows long
        made += days.live(GOOD_TIMES, SMALL_TALK)
        days.fallen = set(Decision.objects.latest("created").order)
        made += days.live(BAD_TIMES, SMALL_TALK)
    with providers(groq=NOBODY, kimi=NOBODY, local=NOBODY):
        made += days.live(part)
        prompts_teach()
        promotions.change_weights(named(QUALITY_FIRST))
        made += days.live(part)
    with providers(kimi=NOBODY, local=NOBODY):
        made += days.live(part)
        promotions.revert(Promotion.objects.filter(kind=Promotion.Kind.SHIFT).latest("created").pk)
    with providers(groq=NOBODY):
        made += days.live(part)
        promotions.change_weights(None)
        policies.change(takes_counts=False, most_explored=0.0)
        return made + days.live(part)


def prompts_teach() -> None:
    """A fit of prompts takes part from now on: half of the models do well on long questions, the others on short ones."""
    models = [model.id for model in board.catalog().models]
    rows = [
        PromptRow(traits(text), "chat", {model: float((len(text) > LONG) == (place % 2 == 0))})
        for text in TEXTS * 10
        for place, model in enumerate(models)
    ]
    # Packed as it is stored; to earn a fit takes hundreds of judged decisions.
    content = prompt_fits._packed(fit(rows))
    PromptFit.objects.create(version="taught", content=content, rows=len(rows), active=True)
    prompt_fits.forget()


class Days:
    """Lives through decisions of the current tenant; the same seed lives the same days, but for what the clock adds."""

    def __init__(self, seed: int, *, learns_every: int = 10) -> None:
        """`learns_every`: so many decisions are one transaction; only after it the board knows what came of them."""
        self.draw = random.Random(seed)
        self.learns_every = learns_every
        self.rates: dict[tuple[str, str], float] = {}
        self.fallen: set[str] = set()
        self.answered: list[UUID] = []
        self.tasks = [(self._asked(), self._unit()) for _ in range(FEW)]

    def live(self, decisions: int, always: Requirement | None = None) -> int:
        """Decide so many times, on anything or always the same, and return how many times; what finds no model is not counted."""
        made = 0
        while made < decisions:
            with transaction.atomic():
                made += sum(self._one(always) for _ in range(min(self.learns_every, decisions - made)))
        return made

    def _one(self, always: Requirement | None) -> bool:
        asked, vector = always or self._asked(), None
        if not always and self.draw.random() < SIMILAR:
            like, vector = self.draw.choice(self.tasks)
            asked = replace(like, input_tokens=asked.input_tokens)
        try:
            text = self.draw.choice(("", *TEXTS))
            decided = deciding.decided(asked, vector=vector, text=text, explores=self.draw.random() < 0.9)
        except NoCandidate:
            return False
        row = self._answered(decided)
        self._said_of(row)
        return True

    def _asked(self) -> Requirement:
        # Half of it is one kind of task, so that its records grow long.
        kind = "chat" if self.draw.random() < 0.5 else self.draw.choice(TASK_KINDS)
        return Requirement(
            kind,
            self.draw.choice(MODES),
            input_tokens=self.draw.choice(SIZES),
            needs_tools=self.draw.random() < 0.2,
            needs_json=self.draw.random() < 0.2,
            topic=self.draw.choice(TOPICS) if kind != "chat" else "",
        )

    def _answered(self, decided: Decided) -> Decision:
        order = decided.choice.order
        fails = len(order) > 1 and self.draw.random() < 0.05
        tried = [
            self._attempt(order[0], ok=not fails),
            *([self._attempt(order[1], ok=True)] if fails else []),
        ]
        row, _ = outcomes.record(decided, tried, execution_id=None, step_id=None, agent="quality")
        return row

    def _attempt(self, model: str, *, ok: bool) -> AttemptRecord:
        return AttemptRecord(
            model=model,
            provider=board.catalog().model(model).provider,
            ok=ok,
            status=200 if ok else 503,
            error="" if ok else "overloaded",
            input_tokens=0,
            cached_tokens=0,
            output_tokens=0,
            estimated=False,
            latency_ms=self.draw.randrange(50, 3_000),
            first_token_ms=10,
            started_at=datetime.now(UTC),
        )

    def _said_of(self, row: Decision) -> None:
        """Checks speak of most answers at once; a judge and people of some others, later."""
        self.answered.append(row.pk)
        if self.draw.random() < 0.8:
            success = self._succeeds(row)
            verdicts.checked(row.pk, success=success, confidence=round(self.draw.uniform(0, 10), 2))
        if self.draw.random() < 0.1:
            verdicts.judged(self.draw.choice(self.answered), score=round(self.draw.random(), 3))
        if self.draw.random() < 0.05:
            verdicts.told_by_people(
                self.draw.choice(self.answered), value=Decimal(self.draw.randrange(11)) / 10
            )

    def _succeeds(self, row: Decision) -> bool:
        if row.answered_by in self.fallen:
            return self.draw.random() < FALLEN
        rate = self.rates.setdefault((row.task_kind, row.answered_by), self.draw.uniform(0.6, 0.98))
        return self.draw.random() < rate

    def _unit(self) -> list[float]:
        numbers = [self.draw.gauss(0, 1) for _ in range(DIMENSIONS)]
        length = sum(number * number for number in numbers) ** 0.5
        return [number / length for number in numbers]
