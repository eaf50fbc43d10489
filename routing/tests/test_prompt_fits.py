"""What a tenant's prompts teach takes part in decisions where it has proved itself, and can be made again and taken back."""

import random

import pytest
from uuid_utils.compat import uuid7

from miosa.testing.flows import providers
from routing import board, deciding, outcomes, promotions, prompt_fits, replay, verdicts
from routing.models import Decision, Promotion, PromptFit
from routing.requirement import Requirement
from routing.tests.history import decisions
from routing.tests.test_outcomes import attempt

GOOD, OTHER = "openai/gpt-oss-20b", "openai/gpt-oss-120b"
SUMS = "Add up these numbers and multiply by {}: what is the total of {} apples and {} pears?"
POEMS = "Write a short poem about a quiet harbour at night, mood number {}, verse {}, ship {}."


def judged(count: int, *, telling: bool, seed: int = 3) -> None:
    """Answers of both models to sums and poems: where `telling`, one fails at sums and the other at poems."""
    draw = random.Random(seed)
    for number in range(count):
        model = GOOD if number % 2 else OTHER
        is_sum = draw.random() < 0.5
        text = (SUMS if is_sum else POEMS).format(*(draw.randint(1, 999) for _ in range(3)))
        right = (is_sum == (model == GOOD)) if telling else draw.random() < 0.5
        (decision,) = decisions(1, model)
        Decision.objects.filter(pk=decision.pk).update(traits=prompt_fits.heard(text, "chat", ())[0])
        verdicts.checked(decision.pk, success=right if draw.random() < 0.9 else not right, confidence=7)


@pytest.fixture
def groq():
    with providers(groq="http://127.0.0.1:9/v1"):
        board.forget()
        yield


def test_it_keeps_no_word_of_a_prompt(tenant):
    """The stored traits hold numbers and hashes: no word of the text is in them, and the same text gives the same."""
    text = "The secret harbour of Valdorania is guarded by eleven lighthouses."
    stored, prompt = prompt_fits.heard(text, "chat", (GOOD,))
    assert prompt is None
    assert stored == prompt_fits.heard(text, "chat", (GOOD,))[0]
    from base64 import b64decode

    raw = b64decode(stored)
    assert not [word for word in text.lower().split() if word.strip(".").encode() in raw]


def test_too_few_judged_decisions_teach_nothing(tenant):
    """Below the least number there is no fit."""
    judged(20, telling=True)
    assert prompt_fits.relearn() is None
    assert prompt_fits.active() is None


def test_prompts_that_tell_something_take_part(tenant, groq, monkeypatch):
    """One model is right at sums, the other at poems: the fit proves itself on unseen decisions and moves both ways."""
    judged(360, telling=True)
    row = prompt_fits.relearn()
    prompt_fits.forget()
    assert row.active
    assert row.evidence["brier_with"] < row.evidence["brier_without"]
    assert Promotion.objects.get(kind="prompts").details["fit"] == row.version
    _, sums = prompt_fits.heard(SUMS.format(7, 12, 30), "chat", (GOOD, OTHER))
    _, poems = prompt_fits.heard(POEMS.format(4, 5, 6), "chat", (GOOD, OTHER))
    assert sums
    assert poems
    assert sums["shifts"][GOOD] > 0.1 > -0.1 > sums["shifts"][OTHER]
    assert poems["shifts"][OTHER] > 0.1 > -0.1 > poems["shifts"][GOOD]


def test_prompts_that_tell_nothing_do_not(tenant):
    """Coin tosses: the fit is stored with its evidence, without content, and takes no part."""
    judged(330, telling=False)
    row = prompt_fits.relearn()
    assert (row.active, row.content) == (False, "")
    assert prompt_fits.active() is None
    assert not Promotion.objects.filter(kind="prompts").exists()


def test_a_prompted_decision_is_made_again_bit_for_bit(tenant, groq):
    """Decisions with shifts are stored with them; made again without the fit they come out the same in every field."""
    judged(360, telling=True)
    prompt_fits.relearn()
    prompt_fits.forget()
    need = Requirement("chat", "quality")
    for number in range(40):
        text = (SUMS if number % 2 else POEMS).format(number, number + 1, number + 2)
        made = deciding.decided(need, text=text)
        assert made.prompt
        outcomes.record(made, [attempt(made.choice.model)], execution_id=None, step_id=None, agent="quality")
    PromptFit.objects.all().delete()
    stored = Decision.objects.exclude(prompt=None)
    assert stored.count() == 40
    for decision in stored:
        again = replay.remade(decision)
        assert (again.model, again.draw, again.propensity) == (
            decision.model,
            decision.draw,
            decision.propensity,
        )
        assert again.as_json()["ranked"] == decision.ranked
        assert again.why == decision.why


def test_the_prompt_is_in_the_explanation(tenant, groq):
    """History's reason says by how much this prompt moved it."""
    judged(360, telling=True)
    prompt_fits.relearn()
    prompt_fits.forget()
    made = deciding.decided(Requirement("chat"), text=SUMS.format(1, 2, 3))
    history = {row.model: row.nodes[4].reason for row in made.choice.ranked}
    assert any("this prompt moves it by +" in reason for reason in history.values())


def test_taken_back_it_waits_for_twice_as_much(tenant, groq):
    """After a reversal the fit takes no part, and the next round does not bring it back by itself."""
    judged(360, telling=True)
    prompt_fits.relearn()
    promotions.revert(Promotion.objects.get(kind="prompts").pk)
    prompt_fits.forget()
    assert prompt_fits.active() is None
    judged(30, telling=True, seed=4)
    prompt_fits.relearn()
    prompt_fits.forget()
    assert prompt_fits.active() is None


def test_the_draw_is_the_decisions_own(tenant, groq):
    """The number of a decision says which draw it takes: the same number decides the same, whoever asks."""
    judged(360, telling=True)
    prompt_fits.relearn()
    prompt_fits.forget()
    chosen = uuid7()
    text = SUMS.format(1, 2, 3)
    first, second = (deciding.decided(Requirement("chat"), text=text, decision_id=chosen) for _ in range(2))
    assert first.choice == second.choice


def test_a_neighbours_prompts_are_its_own(tenant, other_tenant, in_tenant):
    """Nothing that was fitted here is asked there."""
    judged(360, telling=True)
    prompt_fits.relearn()
    with in_tenant(other_tenant):
        prompt_fits.forget()
        assert prompt_fits.active() is None
        assert not PromptFit.objects.exists()
