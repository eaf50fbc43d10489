"""Similar tasks share a selection: near embeddings of the same question, until anything is learned."""

import math
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from miosa.testing.flows import providers
from routing import deciding, policies
from routing.choice import Choice
from routing.requirement import Requirement
from routing.router import decide
from routing.scoreboard import Scoreboard
from routing.selections import MOST_PER_QUESTION, MOST_QUESTIONS, NEAR, Selections, Shared
from routing.tests.boards import BOTH, ORIGINAL
from routing.tests.stored import checked, decision

WIDTH = 384
ANY = decide(Scoreboard(ORIGINAL, providers=BOTH), Requirement("chat"))


def at_cosine(cosine):
    """A unit vector at this cosine from `BASE`."""
    return [cosine, math.sqrt(1 - cosine * cosine), *[0.0] * (WIDTH - 2)]


BASE = at_cosine(1.0)


def shared(choice: Choice = ANY) -> Shared:
    return Shared(choice, uuid7())


def test_a_near_task_gets_the_selection_and_a_far_one_does_not():
    """A cosine a little above the bound shares, one a little below does not; the nearest of several wins."""
    kept, one, other = Selections(), shared(), shared()
    kept.keep("chat", BASE, one)
    kept.keep("chat", at_cosine(-1.0), other)
    assert kept.near("chat", at_cosine(NEAR + 0.001)) is one
    assert kept.near("chat", at_cosine(NEAR - 0.001)) is None
    assert kept.near("chat", at_cosine(-NEAR - 0.001)) is other
    assert kept.near("code", BASE) is None


def test_length_does_not_matter():
    """The bound is a cosine: vectors that are longer or shorter than one are compared by their direction."""
    kept, one = Selections(), shared()
    kept.keep("chat", [value * 1e-200 for value in BASE], one)
    assert kept.near("chat", [value * 1e200 for value in at_cosine(0.95)]) is one
    assert kept.near("chat", [value * 1e200 for value in at_cosine(0.5)]) is None


def test_a_full_shelf_gives_up_its_oldest():
    """One question holds so many selections, and no more than so many questions are held."""
    kept, told = Selections(), [shared() for _ in range(MOST_PER_QUESTION + 1)]
    vectors = np.eye(MOST_PER_QUESTION + 1, dtype=np.float32)
    for vector, one in zip(vectors, told, strict=True):
        kept.keep("chat", vector, one)
    assert kept.near("chat", vectors[0]) is None
    assert [kept.near("chat", vector) for vector in vectors[1:]] == told[1:]
    for number in range(MOST_QUESTIONS + 5):
        kept.keep(f"question {number}", BASE, told[0])
    held = [number for number in range(MOST_QUESTIONS + 5) if kept.near(f"question {number}", BASE)]
    assert held == list(range(MOST_QUESTIONS - 1))


ODD = st.one_of(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6),
    st.lists(st.sampled_from([0.0, 1e308, -1e308, 5e-324, math.nan, math.inf, 10**400]), max_size=4),
    st.sampled_from([[], ["x"], [[1.0], [2.0, 3.0]], [[1.0, 2.0]], [None], "text", 7, [0.0] * 3]),
)


@given(kept=st.lists(ODD, max_size=5), asked=ODD)
def test_no_odd_vector_fails(kept, asked):
    """NaN, endless, huge, vanishing, empty, nested or of another length: it shares nothing, or a true neighbour's."""
    selections, one = Selections(), shared()
    for vector in kept:
        selections.keep("chat", vector, one)
    assert selections.near("chat", asked) in (None, one)
    selections.keep("chat", BASE, one)
    selections.near("chat", asked)


def test_threads_may_keep_and_ask_at_once():
    """Eight threads on one shelf: whoever is given a selection is given that of a true neighbour."""
    kept, given = Selections(), []
    axes = np.eye(8, dtype=np.float32)
    choices = [shared() for _ in axes]
    for axis, one in zip(axes, choices, strict=True):
        kept.keep("chat", axis, one)

    def work(number):
        for turn in range(2_000):
            other = (number + turn) % len(axes)
            if turn % 50 == 0:
                kept.keep("chat", axes[number], choices[number])
            given.append((kept.near("chat", axes[other]), choices[other]))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(axes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [pair for pair in given if pair[0] is not None]
    assert all(one is expected for one, expected in found)
    assert len(found) > len(given) / 2


@pytest.fixture
def ready(tenant):
    """A tenant that can decide."""
    with providers(groq="http://127.0.0.1:9/v1"):
        yield tenant


CHAT = Requirement("chat")
ALL_COST = {"TaskFit": 0, "Quality": 0, "Speed": 0, "Cost": 1, "History": 0, "Confidence": 0}


@pytest.mark.django_db(databases="__all__", transaction=True)
class TestOnATenantsBoard:
    """What is shared between decisions, and how long."""

    def test_a_similar_task_names_the_decision_it_shares(self, ready):
        """The second of two near tasks has the first one's choice and names its decision; a far one decides itself."""
        first = deciding.decided(CHAT, vector=BASE)
        second = deciding.decided(CHAT, vector=at_cosine(0.95))
        far = deciding.decided(CHAT, vector=at_cosine(0.2))
        assert (first.shared_from, second.shared_from, far.shared_from) == (None, first.decision_id, None)
        assert second.choice is first.choice
        assert second.decision_id != first.decision_id

    def test_without_an_embedding_nothing_is_shared(self, ready):
        """Neither no vector nor an empty one finds or leaves a selection."""
        given: tuple[Any, ...] = (None, [], BASE)
        for vector in given:
            assert deciding.decided(CHAT, vector=vector).shared_from is None
        assert deciding.decided(CHAT).shared_from is None

    @pytest.mark.parametrize(
        "other",
        [
            Requirement("code"),
            Requirement("chat", "speed"),
            Requirement("chat", topic="algebra"),
            Requirement("chat", needs_tools=True),
            Requirement("chat", needs_json=True),
            Requirement("chat", input_tokens=5_000),
        ],
    )
    def test_another_question_never_shares(self, ready, other):
        """Another kind, mode, topic, constraint or size decides for itself, with the very same embedding."""
        deciding.decided(CHAT, vector=BASE)
        assert deciding.decided(other, vector=BASE).shared_from is None

    def test_an_outcome_ends_the_sharing_at_once(self, ready):
        """The very next decision after an outcome is made anew."""
        first = deciding.decided(CHAT, vector=BASE)
        row = decision()
        assert deciding.decided(CHAT, vector=BASE).shared_from == first.decision_id
        checked(row, success=False)
        anew = deciding.decided(CHAT, vector=BASE)
        assert anew.shared_from is None
        assert anew.known.version != first.known.version

    def test_another_policy_ends_the_sharing_at_once(self, ready):
        """The very next decision after a change of weights or of exploration is made anew."""
        for change in ({"most_explored": 0.0}, {"weights": {"balance": ALL_COST}}):
            first = deciding.decided(CHAT, vector=BASE)
            assert first.shared_from is None
            assert deciding.decided(CHAT, vector=BASE).shared_from == first.decision_id
            policies.change(**change)
        assert deciding.decided(CHAT, vector=BASE).shared_from is None

    def test_another_provider_ends_the_sharing_at_once(self, ready):
        """With one more provider within reach the very next decision is made anew."""
        first = deciding.decided(CHAT, vector=BASE)
        with providers(groq="http://127.0.0.1:9/v1", kimi="http://127.0.0.1:9/v1"):
            anew = deciding.decided(CHAT, vector=BASE)
        assert anew.shared_from is None
        assert anew.known.providers > first.known.providers

    def test_what_is_shared_stays_in_the_tenant(self, ready, other_tenant, in_tenant):
        """The neighbour with the same embedding decides for itself."""
        deciding.decided(CHAT, vector=BASE)
        with in_tenant(other_tenant):
            assert deciding.decided(CHAT, vector=BASE).shared_from is None
