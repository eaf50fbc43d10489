"""Changes of standing are rows with evidence, change what is decided, are audited, and can be taken back."""

import random

import pytest

from miosa.http.problem import Conflict, NotFound
from routing import board, policies, promotions
from routing.models import Promotion
from routing.policies import InvalidWeights
from routing.requirement import Requirement
from routing.router import decide
from routing.scoring.weights import SIX_NODES
from routing.tests.history import lives, past
from tenants.models import AuditEntry

MODEL, OTHER = "openai/gpt-oss-20b", "openai/gpt-oss-120b"


def told() -> list[str]:
    return list(AuditEntry.objects.order_by("number").values_list("action", flat=True))


def test_it_evaluates_with_an_interval_and_both_boards(tenant):
    """At the hundredth request: n, rate, its 95 % interval, and two different scoreboards; the change is audited."""
    past(MODEL, [1] * 98)
    lives(MODEL, [True, True])
    row = Promotion.objects.get(kind="evaluation")
    assert (row.requests, float(row.successes), row.improved) == (100, 100.0, True)
    assert 0.96 < row.low < 0.97
    assert row.high == pytest.approx(1.0)
    assert row.scoreboard_after == board.known().version
    assert told() == ["model.promoted"]


def test_a_model_that_turns_bad_is_noticed_and_loses_its_record(tenant):
    """After 300 requests at 90 % sixty at 40 % leave one shift, and an expectation near what is seen now."""
    draw = random.Random(5)
    past(MODEL, [int(draw.random() < 0.9) for _ in range(300)])
    lives(MODEL, [draw.random() < 0.4 for _ in range(60)])
    row = Promotion.objects.get(kind="shift")
    assert row.area == "chat"
    assert row.details["old_rate"] > 0.85
    assert row.rate < 0.75
    assert row.details["p"] < 0.001
    assert board.snapshot().posterior("chat", MODEL).mean < 0.6
    assert board.snapshot().total(MODEL).requests < 120
    assert "model.shifted" in told()


def test_a_steady_model_has_no_shift(tenant):
    """Ninety of a hundred stays ninety of a hundred: nothing is discounted."""
    past(MODEL, [int(n % 10 != 0) for n in range(300)])
    lives(MODEL, [n % 10 != 0 for n in range(40)])
    assert not Promotion.objects.filter(kind="shift").exists()
    assert board.snapshot().total(MODEL).requests == 340


def test_a_shift_taken_back_counts_in_full_again(tenant):
    """Who knows that the bad hour had another reason takes the shift back: every outcome counts as before."""
    past(MODEL, [1] * 100)
    lives(MODEL, [False] * 30)
    shift = Promotion.objects.get(kind="shift")
    assert board.snapshot().total(MODEL).requests < 130
    promotions.revert(shift.pk)
    assert board.snapshot().total(MODEL).requests == 130
    assert told()[-1] == "promotion.reverted"


def test_taking_an_evaluation_back_withholds_the_bonus_until_the_next_one(tenant):
    """The model keeps its record and loses its 1.10; the next hundredth request, still good, gives it back."""
    past(MODEL, [1] * 99)
    lives(MODEL, [True])
    known = board.known()
    assert known.snapshot.withheld == frozenset()
    back = promotions.revert(Promotion.objects.get(kind="evaluation").pk)
    assert board.snapshot().withheld == {MODEL}
    assert back.scoreboard_version == known.version
    assert back.scoreboard_after == board.known().version != known.version
    past(MODEL, [1] * 99)
    lives(MODEL, [True])
    assert board.snapshot().withheld == frozenset()


def test_a_withheld_bonus_is_not_in_the_total(tenant):
    """The decision itself shows it: the same model, bonus 1.10 before and 1.00 after."""
    from miosa.testing.flows import providers

    past(MODEL, [1] * 99)
    lives(MODEL, [True])
    with providers(groq="http://127.0.0.1:9/v1"):
        board.forget()
        rows = {row.model: row.bonus for row in board.current().entry(Requirement("chat")).rows}
        assert rows[MODEL] == pytest.approx(1.10)
        promotions.revert(Promotion.objects.get(kind="evaluation").pk)
        board.forget()
        rows = {row.model: row.bonus for row in board.current().entry(Requirement("chat")).rows}
        assert rows[MODEL] == 1.0


def test_a_surely_better_model_overtakes_once(tenant):
    """95 % of 500 against 70 % of 500: one row that names both; the same finding a hundred requests later adds none."""
    past(OTHER, [int(n % 10 < 7) for n in range(500)])
    past(MODEL, [int(n % 20 != 0) for n in range(499)])
    lives(MODEL, [True])
    past(MODEL, [int(n % 20 != 0) for n in range(99)])
    lives(MODEL, [True])
    row = Promotion.objects.get(kind="overtaking")
    assert (row.model, row.over, row.area, row.requests) == (MODEL, OTHER, "chat", 500)
    assert row.low > row.details["over_rate"]
    assert "model.overtook" in told()


def test_equal_models_do_not_overtake(tenant):
    """Two models at the same rate stay where they are."""
    past(OTHER, [int(n % 5 != 0) for n in range(300)])
    past(MODEL, [int(n % 5 != 0) for n in range(299)])
    lives(MODEL, [True])
    assert not Promotion.objects.filter(kind="overtaking").exists()


def test_other_weights_are_a_row_and_can_be_taken_back(tenant):
    """New weights rule the next decision; taken back, the product's rule again, and all three states are audited."""
    weights = policies.named(SIX_NODES)
    weights["balance"] = dict.fromkeys(weights["balance"], 0.0) | {"Cost": 1.0}
    row = promotions.change_weights(weights)
    assert board.known().weights.by_mode["balance"] == (0.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    assert row.scoreboard_version != row.scoreboard_after == board.known().version
    promotions.revert(row.pk)
    assert board.known().weights.by_mode == SIX_NODES.by_mode
    assert told() == [
        "routing_policy.changed",
        "weights.changed",
        "routing_policy.changed",
        "promotion.reverted",
    ]


def test_nothing_is_taken_back_twice(tenant):
    """The second attempt, and one at the reversal itself, are refused and change nothing."""
    row = promotions.change_weights(policies.named(SIX_NODES))
    back = promotions.revert(row.pk)
    with pytest.raises(Conflict):
        promotions.revert(row.pk)
    with pytest.raises(Conflict):
        promotions.revert(back.pk)
    assert Promotion.objects.count() == 2


def test_a_neighbours_row_is_not_there(tenant, other_tenant, in_tenant):
    """Another tenant's promotion answers like one that never was."""
    row = promotions.change_weights(policies.named(SIX_NODES))
    with in_tenant(other_tenant), pytest.raises(NotFound):
        promotions.revert(row.pk)


def test_wrong_weights_are_refused_by_name(tenant):
    """A mode that does not sum to 1 changes nothing, and the message names it."""
    weights = policies.named(SIX_NODES)
    weights["speed"]["Cost"] += 0.1
    with pytest.raises(InvalidWeights, match="speed"):
        promotions.change_weights(weights)
    assert policies.current().weights is None
    assert not Promotion.objects.exists()


def test_the_decision_follows_the_demotion(tenant):
    """Of two equal models the one that turned from 90 % to 40 % loses its place within sixty requests."""
    from routing.rules import Rules
    from routing.scoreboard import Scoreboard
    from routing.tests.boards import catalog_of, model

    pair = catalog_of(model(MODEL), model(OTHER))
    draw = random.Random(11)
    past(OTHER, [int(n % 5 != 0) for n in range(200)])
    past(MODEL, [int(draw.random() < 0.9) for _ in range(500)])

    def leader() -> str:
        return decide(
            Scoreboard(pair, board.snapshot(), providers={"groq"}, rules=Rules(draws=0)), Requirement("chat")
        ).model

    assert leader() == MODEL
    lives(MODEL, [draw.random() < 0.4 for _ in range(60)])
    assert leader() == OTHER
