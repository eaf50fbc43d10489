"""Hard limits come first, and an empty field says who was removed by what."""

from typing import Any

import pytest

from routing.errors import InvalidRequirement, NoCandidate
from routing.requirement import Requirement, size_class
from routing.router import decide, explore
from routing.scoreboard import Scoreboard
from routing.tests.boards import BOTH, ORIGINAL, catalog_of, model

SMALL = model("small", context=1_536, tools=False, json="none", quality=9)
MIDDLE = model("middle", context=5_000, tools=True, json="object")
LARGE = model("large", context=100_000, tools=False, json="none", quality=1)
UNPRICED = model("unpriced", quality=10, speed=10, cost=10, priced=False)
ELSEWHERE = model("elsewhere", provider="kimi", quality=10, speed=10, cost=10)
BOARD = Scoreboard(catalog_of(SMALL, MIDDLE, LARGE, UNPRICED, ELSEWHERE), providers={"groq"})


def _order(**limits: Any) -> set[str]:
    return set(decide(BOARD, Requirement("chat", **limits)).order)


@pytest.mark.parametrize(
    ("tokens", "left"),
    [
        (0, {"small", "middle", "large"}),
        (1_536, {"small", "middle", "large"}),
        (1_537, {"middle", "large"}),
        (2_048, {"middle", "large"}),
        (5_000, {"middle", "large"}),
        (5_001, {"large"}),
        (100_000, {"large"}),
    ],
)
def test_an_input_may_be_as_large_as_the_model_takes_and_no_larger(tokens, left):
    """Each limit is inclusive, also where it lies inside a size class of the look-up key: asked first, and again."""
    fresh = BOARD.updated(BOARD.snapshot, warm=())
    requirement = Requirement("chat", input_tokens=tokens)
    assert set(decide(fresh, requirement).order) == left
    assert set(decide(fresh, requirement).order) == set(decide(BOARD, requirement).order) == left


def test_asking_in_any_order_gives_the_same():
    """What was compiled for one size never answers for another size of the same class."""
    expected = {5_001: 1, 1_536: 3, 1_537: 2, 4_096: 2, 1_025: 3, 5_000: 2}
    assert {tokens: len(_order(input_tokens=tokens)) for tokens in expected} == expected


def test_tools_and_json_are_needed_or_not():
    """Who cannot call tools, or promises no JSON, is out only when that is needed."""
    assert _order(needs_tools=True) == {"middle"}
    assert _order(needs_json=True) == {"middle"}


def test_an_unknown_price_and_an_unreachable_provider_are_never_chosen():
    """The two best-rated models of the catalogue are in no order: no price, no key."""
    assert _order() == {"small", "middle", "large"}


def test_no_candidate_says_which_constraint_removed_which_model():
    """Every model of the catalogue is named with its first reason; the request is what must change (422)."""
    board = Scoreboard(catalog_of(SMALL, UNPRICED), providers={"groq"})
    with pytest.raises(NoCandidate) as caught:
        decide(board, Requirement("chat", input_tokens=9_000))
    assert {(r.model, r.constraint) for r in caught.value.removed} == {
        ("small", "input"),
        ("unpriced", "price"),
    }
    assert "small: 9000 input tokens, it takes 1536" in str(caught.value)
    assert caught.value.status == 422


def test_without_any_provider_the_error_names_the_variable():
    """No key at all: 503, and the message names the variable that would help."""
    board = Scoreboard(ORIGINAL, providers=())
    for choose in (decide, explore):
        with pytest.raises(NoCandidate, match="GROQ_API_KEY is empty") as caught:
            choose(board, Requirement("chat"))
        assert caught.value.status == 503


def test_an_empty_catalogue_is_an_error_not_a_crash():
    """Nothing to choose from is said, not crashed on."""
    with pytest.raises(NoCandidate, match="the catalogue is empty"):
        decide(Scoreboard(catalog_of(), providers=BOTH), Requirement("chat"))


@pytest.mark.parametrize("bad", ["", "poetry", None])
def test_an_empty_or_unknown_task_kind_is_an_error(bad):
    """The message lists the kinds there are."""
    with pytest.raises(InvalidRequirement, match="chat, code, summarize"):
        Requirement(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {"mode": "fast"},
        {"mode": ""},
        {"input_tokens": -1},
        {"input_tokens": 1.5},
        {"max_output_tokens": True},
    ],
)
def test_other_impossible_requirements_are_refused(bad):
    """Unknown modes and sizes that are no whole number from 0 up are refused by name."""
    with pytest.raises(InvalidRequirement, match=next(iter(bad))):
        Requirement("chat", **bad)


@pytest.mark.parametrize(
    ("tokens", "size"), [(0, 0), (1_024, 0), (1_025, 1), (2_048, 1), (2_049, 2), (1 << 20, 10)]
)
def test_size_classes_end_at_powers_of_two(tokens, size):
    """1,024 is the last of class 0, 2,048 the last of class 1."""
    assert size_class(tokens) == size
