"""Checks, a judge and people speak of one decision in any order and at once: it counts once, as the most believed says."""

import threading
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miosa.http.problem import Conflict
from routing import board, feedback, verdicts
from routing.feedback import Word
from routing.models import Feedback, Outcome
from routing.tests.answered import MODEL, answered
from tenants.task_scope import task_scope

ORDER = ("checks", "judge", "feedback")  # from the least to the most believed
points = st.integers(0, 100).map(lambda hundredths: Decimal(hundredths) / 100)
said = st.fixed_dictionaries(
    {}, optional={"checks": st.sampled_from([Decimal(0), Decimal(1)]), "judge": points, "feedback": points}
)


def speak(source, decision, value):
    match source:
        case "checks":
            verdicts.checked(decision.pk, success=bool(value), confidence=5)
        case "judge":
            verdicts.judged(decision.pk, score=float(value))
        case "feedback":
            feedback.give(decision.pk, Word(value, "score", "user:test"), now=datetime.now(UTC))


def cell():
    return Outcome.objects.filter(model=MODEL, task_kind="chat").aggregate(
        counts=Sum("counts"), credit=Sum("credit")
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), said=said.filter(bool))
def test_the_order_does_not_matter(tenant, data, said):
    """The cell grows by exactly one request and by the verdict of the most believed, whoever speaks first or twice."""
    before = cell()
    decision = answered()
    for source in data.draw(st.permutations(sorted(said))):
        speak(source, decision, said[source])
    for again in data.draw(st.lists(st.sampled_from(["checks", "judge"]), max_size=2)):
        if again in said:
            speak(again, decision, 1 - said[again])
    after = cell()
    most_believed = max(said, key=ORDER.index)
    assert after["counts"] - (before["counts"] or 0) == 1
    assert after["credit"] - (before["credit"] or 0) == said[most_believed]


def test_a_late_word_changes_its_own_cell_alone(tenant):
    """What the next decision knows: the model that answered has its one request turned around, nobody else's moves."""
    other = answered(by="kimi-k2.6")
    speak("checks", other, 1)
    decision = answered()
    speak("checks", decision, 1)
    untouched = board.snapshot().cell("chat", "kimi-k2.6")
    speak("feedback", decision, Decimal("0.25"))
    known = board.snapshot().cell("chat", MODEL)
    assert (known.requests, known.successes) == (1, 0.25)
    assert board.snapshot().cell("chat", "kimi-k2.6") == untouched


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_two_people_at_once_count_once(tenant):
    """Eight connections at the same moment: one word is stored, seven are told of it."""
    decision = answered()
    ends = at_once(tenant, [partial(speak, "feedback", decision, Decimal(n % 2)) for n in range(8)])
    assert [type(end) for end in ends if end is not None] == [Conflict] * 7
    assert cell() == {"counts": 1, "credit": Feedback.objects.get().value}


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_all_three_at_once_count_once(tenant):
    """Checks, judge and people over three connections: one request, with the people's verdict."""
    for _ in range(10):
        before, decision = cell(), answered()
        values = {"checks": Decimal(1), "judge": Decimal("0.4"), "feedback": Decimal("0.7")}
        ends = at_once(tenant, [partial(speak, source, decision, value) for source, value in values.items()])
        assert ends == [None] * 3
        assert cell()["counts"] - (before["counts"] or 0) == 1
        assert cell()["credit"] - (before["credit"] or 0) == Decimal("0.7")


def at_once(tenant, works):
    """Run each work on a connection of its own, all released together; return what each raised."""
    gate = threading.Barrier(len(works))
    ends: list[Exception | None] = [None] * len(works)

    def run(place, work):
        try:
            with task_scope(tenant.pk):
                gate.wait()
                work()
        except Exception as error:  # noqa: BLE001  a thread's end is looked at below
            ends[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
