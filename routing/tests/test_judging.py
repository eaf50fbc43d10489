"""A stronger model judges a sampled share of the answers, within the tenant's budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Budget, LedgerEntry, Reservation
from billing.subscriptions import current_budget
from miosa.testing.flows import providers
from miosa.testing.wire_replies import Reply
from routing import board, judging, knowledge, policies
from routing.models import Decision, Judgement, Outcome
from routing.requirement import Requirement
from routing.scoreboard import Scoreboard
from routing.tests.courtroom import ANSWER, ANSWERS, QUESTION, answer_by, ask, court, queued, verdict

unit = st.floats(0, 1)


@pytest.fixture
def room(tenant):
    with court() as opened:
        yield opened


def test_it_works(room):
    """A queued answer gets a stronger model's verdict, which the router learns from; its texts are dropped."""
    row = queued()
    assert (row.answer, row.state) == (ANSWER, "queued")
    assert QUESTION in row.question
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, float(row.score), row.reason) == ("judged", 0.8, "Right, and complete.")
    assert (row.question, row.answer) == ("", "")
    outcome = Outcome.objects.get(decision=row.decision)
    assert (outcome.source, float(outcome.verdict), outcome.model) == ("judge", 0.8, ANSWERS)
    assert board.snapshot().cell("chat", ANSWERS).successes == 0.8


def test_the_judge_is_stronger_than_the_judged(room):
    """Its quality in the catalogue is above, it is never the same model, and the board of careful reasoning chose it."""
    row = queued()
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    decision = Decision.objects.get(pk=row.judge_decision)
    quality = {model.id: model.quality.value for model in board.catalog().models}
    assert quality[row.judge] > quality[ANSWERS]
    assert (decision.task_kind, decision.mode, decision.answered_by) == ("reason", "quality", row.judge)
    assert (decision.draw, decision.propensity) == (None, 1)  # nobody is tried out as a judge
    stronger = [name for name in decision.order if quality[name] > quality[ANSWERS]]
    assert row.judge == stronger[0]


def test_its_choice_can_be_made_again(room):
    """From what was kept, the judge's decision is the same once more, node by node."""
    row = queued()
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    stored = Decision.objects.get(pk=row.judge_decision)
    again = Scoreboard.of(knowledge.recalled(stored.scoreboard_version)).again(
        Requirement.from_json(stored.requirement), stored.draw
    )
    assert (again.model, list(again.order)) == (stored.model, stored.order)
    assert again.as_json()["ranked"] == stored.ranked


def test_what_it_costs_is_in_the_ledger_and_in_the_budget(room):
    """The judge's call has its entry, and the month's budget has grown by exactly that; nothing stays set aside."""
    row = queued()
    judging.judge(row.pk, ask=ask)
    entry = LedgerEntry.objects.get(agent="judge")
    assert entry.cost_micros > 0
    assert current_budget().spent_micros == entry.cost_micros
    assert current_budget().reserved_micros == 0
    assert Reservation.objects.get().state == "settled"


def test_a_judge_is_not_judged(room):
    """Also where every answer is judged: one verdict, one judgement, no judgement of the verdict."""
    judging.judge(queued().pk, ask=ask)
    assert Decision.objects.filter(agent="judge").count() == 1
    assert Judgement.objects.count() == 1


def test_nobody_judges_where_nobody_asked_for_it(room):
    """The share is nothing until the tenant says otherwise, and no text is kept."""
    answer_by()
    assert not Judgement.objects.exists()


def test_the_strongest_is_not_judged(room):
    """Where nobody stronger is set up the row says so, and no model is asked."""
    row = queued("kimi-k3.1-pro")
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, row.answer, room.judges) == ("skipped", "", [])
    assert row.reason == "no model stronger than kimi-k3.1-pro is set up"


def test_a_stronger_model_out_of_reach_is_none(tenant):
    """Only providers that are set up here count."""
    with court():
        row = queued("kimi-k2.6")
    with providers(groq="http://127.0.0.1:9/v1"):
        judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert row.reason == "no model stronger than kimi-k2.6 is set up"


def test_nothing_is_spent_beyond_the_budget(room):
    """A month's budget that does not cover a judge: skipped with the reason, nobody is asked."""
    row = queued()
    current_budget()
    Budget.objects.update(cap_micros=judging.CEILING_MICROS - 1)
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert row.state == "skipped"
    assert row.reason.startswith("it could not be paid")
    assert (room.judges, current_budget().reserved_micros) == ([], 0)


@pytest.mark.parametrize(
    "said", ["", "8", "no idea", '{"score": 11}', '{"score": true}', '{"score": "8"}', '{"reason": "x"}']
)
def test_an_unusable_verdict_is_asked_for_once_more(room, said):
    """The first one leaves the row queued, the second ends it as failed; both are paid for, nothing is learned."""
    room.verdict = lambda _asked: Reply(text=said)
    row = queued()
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.answer) == ("queued", 1, ANSWER)
    judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, row.attempts, row.answer) == ("failed", 2, "")
    assert len(room.judges) == 2
    assert not Outcome.objects.exists()
    spent = sum(LedgerEntry.objects.filter(agent="judge").values_list("cost_micros", flat=True))
    assert current_budget().spent_micros == spent


def test_a_usable_second_verdict_counts(room):
    """One slip of the judge is forgiven."""
    said = iter([Reply(text="hm"), verdict(3)])
    room.verdict = lambda _asked: next(said)
    row = queued()
    for _ in range(2):
        judging.judge(row.pk, ask=ask)
    row.refresh_from_db()
    assert (row.state, float(row.score)) == ("judged", 0.3)


def test_a_judged_answer_is_not_judged_again(room):
    """A late message for a row that has ended asks nobody."""
    row = queued()
    for _ in range(3):
        judging.judge(row.pk, ask=ask)
    assert len(room.judges) == 1
    assert Outcome.objects.count() == 1


def test_the_texts_are_bounded(room):
    """Of a long question a row keeps beginning and end, within the bound."""
    policies.change(judge_share=1)
    answer_by(question="begin " + "x" * 50_000 + " end")
    question = Judgement.objects.get().question
    assert len(question) <= 12_000
    assert "begin" in question
    assert question.endswith("end")


@given(st.uuids(), unit, unit)
def test_the_sample_depends_on_the_decision_alone(decision_id, share, more):
    """A larger share holds all of a smaller one; a share of nothing is nobody, of one is everybody."""
    low, high = sorted((share, more))
    assert judging.sampled(decision_id, share=low) <= judging.sampled(decision_id, share=high)
    assert judging.sampled(decision_id, share=1)
    assert not judging.sampled(decision_id, share=0)


@pytest.mark.parametrize("share", [0.02, 0.25, 0.9])
def test_the_sample_is_as_large_as_asked(share):
    """Of 10,000 ids made one after the other, as ids of decisions are, the share is hit within 1.5 points."""
    from uuid_utils.compat import uuid7

    hits = sum(judging.sampled(uuid7(), share=share) for _ in range(10_000))
    assert hits / 10_000 == pytest.approx(share, abs=0.015)
