"""Decisions, calls and outcomes as rows, and what the next decision learns from them."""

from datetime import UTC, datetime

import pytest
from uuid_utils.compat import uuid7

from billing.models import LedgerEntry
from routing import board, outcomes, verdicts
from routing.attempt_record import AttemptRecord
from routing.decided import Decided
from routing.models import Decision, ModelCall, Outcome, Promotion
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard

NEED = Requirement("chat")


@pytest.fixture
def choice(tenant):
    """A decision among all providers, on this tenant's knowledge."""
    return decide(
        Scoreboard(board.catalog(), board.snapshot(), providers={"groq", "moonshot", "local"}), NEED
    )


def attempt(model="openai/gpt-oss-20b", *, ok=True, tokens=(1000, 500), **values):
    defaults = {
        "provider": "groq",
        "status": 200 if ok else 503,
        "error": "" if ok else "overloaded",
        "cached_tokens": 0,
        "estimated": False,
        "latency_ms": 100,
        "first_token_ms": 10,
        "started_at": datetime.now(UTC),
    }
    return AttemptRecord(
        model=model, ok=ok, input_tokens=tokens[0], output_tokens=tokens[1], **(defaults | values)
    )


def record(choice, *attempts):
    decided = Decided(uuid7(), NEED, choice, board.known())
    return outcomes.record(decided, attempts, execution_id=None, step_id=None, agent="quality")


def rewarded(choice, *, success=True, confidence=8.0, model="openai/gpt-oss-20b"):
    decision, _ = record(choice, attempt(model))
    verdicts.checked(decision.pk, success=success, confidence=confidence)
    return decision


def test_it_charges_the_answer_that_was_used(choice):
    """The winner is billed by its price, a failed try stands in the ledger with tokens and no charge."""
    _, calls = record(choice, attempt(ok=False, tokens=(100, 0)), attempt())
    entries = {entry.source_id: entry for entry in LedgerEntry.objects.all()}
    assert entries[str(calls[0].pk)].cost_micros == 0
    assert entries[str(calls[0].pk)].quantity == 100
    won = entries[str(calls[1].pk)]
    assert won.cost_micros == calls[1].cost_micros == outcomes.cost_micros("openai/gpt-oss-20b", 1000, 500)
    assert won.cost_micros == 225  # 1000 x 0.075 + 500 x 0.30 dollars per million
    assert won.details["winner"] is True


def test_it_counts_cached_tokens_at_their_price(tenant):
    """Cached input tokens are part of the input and cost what the catalogue says."""
    assert outcomes.cost_micros("openai/gpt-oss-20b", 1000, 0, 1000) == 38  # 37.5, half up


def test_it_refuses_an_unknown_price(tenant):
    """Unknown is not free."""
    unpriced = next(model.id for model in board.catalog().models if model.price is None)
    with pytest.raises(ValueError, match="not free"):
        outcomes.cost_micros(unpriced, 1, 1)


def test_it_stores_a_decision_that_nobody_answered(choice):
    """An empty-handed walk is still explained and recorded."""
    decision, _ = record(choice, attempt(ok=False, tokens=(0, 0)))
    assert decision.answered_by == ""
    assert not LedgerEntry.objects.exists()
    assert ModelCall.objects.get().error == "overloaded"


def test_it_counts_an_outcome_once(choice):
    """A repeated reward changes nothing."""
    decision = rewarded(choice, success=True)
    verdicts.checked(decision.pk, success=False, confidence=1)
    assert Outcome.objects.get().success is True


def test_it_learns_for_the_model_that_spoke(choice):
    """After a fallback the outcome belongs to the one who answered."""
    rewarded(choice, model="kimi-k2.6")
    assert Outcome.objects.get().model == "kimi-k2.6"
    assert board.snapshot().cell("chat", "kimi-k2.6").requests == 1


def test_it_moves_the_prior(choice):
    """Ten failures make the next result of that model less likely to be trusted."""
    before = board.snapshot().posterior("chat", "openai/gpt-oss-20b").mean
    for _ in range(10):
        rewarded(choice, success=False, confidence=2)
    board.forget()
    assert before == pytest.approx(0.5)
    assert board.snapshot().posterior("chat", "openai/gpt-oss-20b").mean < 0.2


def test_it_keeps_what_tenants_learn_apart(choice, other_tenant, in_tenant):
    """The neighbour's record is its own."""
    rewarded(choice)
    with in_tenant(other_tenant):
        assert board.snapshot().total("openai/gpt-oss-20b").requests == 0
        assert board.snapshot().posterior("chat", "openai/gpt-oss-20b").mean == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("before", "successes", "improved"), [(98, 98, None), (99, 85, False), (99, 86, True)]
)
def test_it_evaluates_at_every_hundredth_request(choice, before, successes, improved):
    """The 99th request evaluates nothing; the 100th does: 85 of 100 is not improved, 86 is."""
    decision, _ = record(choice, attempt())
    others = [Decision(**values(decision)) for _ in range(before)]
    Decision.objects.bulk_create(others)
    Outcome.objects.bulk_create(
        Outcome(
            decision=one,
            model=decision.answered_by,
            task_kind="chat",
            success=n < successes,
            verdict=int(n < successes),
            credit=int(n < successes),
            confidence=8,
        )
        for n, one in enumerate(others)
    )
    verdicts.checked(decision.pk, success=successes > before, confidence=8)
    row = Promotion.objects.filter(kind="evaluation").first()
    assert (row.improved if row else None) is improved


def values(decision):
    kept = ("task_kind", "mode", "requirement", "ranked", "model", "provider", "answered_by", "why")
    return {name: getattr(decision, name) for name in (*kept, "propensity", "scoreboard_version")}


def test_it_gives_the_same_board_after_a_restart(choice):
    """The version depends on what is known and on nothing else."""
    for n in range(5):
        rewarded(choice, success=n % 2 == 0)
    providers = {"groq", "local"}
    first, second = (Scoreboard(board.catalog(), board.snapshot(), providers=providers) for _ in range(2))
    assert first.version == second.version
    assert decide(first, NEED) == decide(second, NEED)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_it_sees_its_own_outcome_at_once(tenant):
    """The process that wrote an outcome decides on it in its next decision."""
    from miosa.testing.flows import providers

    with providers(groq="http://127.0.0.1:9/v1"):
        before = board.current()
        chosen = decide(before, NEED)
        decision, _ = record(chosen, attempt(chosen.model))
        verdicts.checked(decision.pk, success=False, confidence=1)
        after = board.current()
    assert after.version != before.version
    assert after.snapshot.total(chosen.model).requests == 1
