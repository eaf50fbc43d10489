"""Feedback over the API: what is taken, what is refused, and where its words are kept."""

import json
import logging
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from miosa.testing.fixtures import client_of
from routing.feedback import MOST_COMMENT, MOST_DEMONSTRATION
from routing.models import Decision, Feedback, Outcome, PoolShare
from routing.tests.answered import answered
from tenants.models import AuditEntry, IdempotentRequest
from tenants.scopes import READ

URL = "/api/v1/feedback"


def give(client, decision, value=True, **fields):
    return client.post(URL, {"decision_id": str(decision.pk), "value": value, **fields}, format="json")


def test_it_works(api, tenant):
    """A person's word is stored, counts for the cell, and can be read again with its texts."""
    decision = answered()
    told = give(api, decision, 7.5, comment="nearly", demonstration="The tide is ...")
    assert told.status_code == 201
    body = told.json()
    assert (body["decision_id"], body["value"], body["scale"]) == (str(decision.pk), 0.75, "score")
    read = api.get(told["Location"]).json()
    assert (read["comment"], read["demonstration"]) == ("nearly", "The tide is ...")
    outcome = Outcome.objects.get()
    assert (outcome.source, outcome.verdict, outcome.counts) == ("feedback", Decimal("0.75"), 1)


@pytest.mark.parametrize(
    ("value", "stored", "scale"),
    [
        (True, "1", "boolean"),
        (False, "0", "boolean"),
        (0, "0", "score"),
        (1, "0.1", "score"),
        (10, "1", "score"),
        (7.5, "0.75", "score"),
        (0.1, "0.01", "score"),
    ],
)
def test_it_takes_good_or_bad_and_numbers(api, tenant, value, stored, scale):
    """true and false are the ends of the scale, numbers lie on it; 1 is a number and true is none."""
    assert give(api, answered(), value).status_code == 201
    row = Feedback.objects.get()
    assert (row.value, row.scale) == (Decimal(stored), scale)


@pytest.mark.parametrize("value", [-0.1, 10.01, 10**400, "7", "true", None, [], {}])
def test_it_refuses_other_values(api, tenant, value):
    """Anything else is refused with the place, and nothing is stored."""
    told = give(api, answered(), value)
    assert told.status_code == 422
    assert told.json()["errors"][0]["pointer"] == "/value"
    assert not Feedback.objects.exists()


@pytest.mark.parametrize(("name", "most"), [("comment", MOST_COMMENT), ("demonstration", MOST_DEMONSTRATION)])
def test_its_texts_are_bounded(api, tenant, name, most):
    """The longest text is taken; one character more is not."""
    assert give(api, answered(), **{name: "x" * most}).status_code == 201
    assert give(api, answered(), **{name: "x" * (most + 1)}).status_code == 422


@pytest.mark.parametrize("named", [(), ("decision_id", "execution_id")])
def test_it_is_about_exactly_one_thing(api, tenant, named):
    """A decision or an execution: neither and both are refused."""
    told = api.post(URL, {"value": True, **dict.fromkeys(named, str(uuid4()))}, format="json")
    assert told.status_code == 422
    assert "exactly one" in told.content.decode()


def test_it_refuses_unknown_members(api, tenant):
    """A misspelt member is named, so that no comment is lost in silence."""
    told = give(api, answered(), coment="x")
    assert told.status_code == 422
    assert told.json()["errors"][0]["pointer"] == "/coment"


@pytest.mark.parametrize(("age", "status"), [(timedelta(days=29, hours=23), 201), (timedelta(days=31), 422)])
def test_it_may_be_late_but_not_too_late(api, tenant, age, status):
    """Within 30 days of the decision it is taken; after that it is refused with the reason."""
    told = give(api, answered(age=age))
    assert told.status_code == status
    assert status == 201 or "30 days" in told.json()["detail"]
    assert Outcome.objects.count() == (status == 201)


def test_a_second_word_is_refused(api, tenant):
    """Who comes second is told who spoke and when, and nothing changes."""
    decision = answered()
    first = give(api, decision, True).json()
    told = give(client_of(tenant), decision, False)
    assert told.status_code == 409
    assert told.json()["given_by"] == first["given_by"]
    assert told.json()["given_by"] in told.json()["detail"]
    assert told.json()["given_at"][:19] == first["created"][:19]
    assert Outcome.objects.get().verdict == 1


def test_a_repetition_is_answered_as_before(api, tenant):
    """The same Idempotency-Key gets the stored answer, not a conflict; one word is stored."""
    body = {"decision_id": str(answered().pk), "value": 3, "comment": "secret words"}
    first, again = (api.post(URL, body, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotent-Replayed"] == "true"
    assert first.json() == again.json()
    assert Feedback.objects.count() == 1


def test_its_words_are_kept_in_one_place(api, tenant, caplog):
    """Comment and demonstration stand in its own row: not in audit, kept answers, logs, outcomes or the pool."""
    caplog.set_level(logging.DEBUG)
    words = {"comment": "the purple comment", "demonstration": "the purple demonstration"}
    body = {"decision_id": str(answered().pk), "value": 3, **words}
    assert api.post(URL, body, format="json", headers={"Idempotency-Key": "k"}).status_code == 201
    kept = [
        list(model.objects.values())
        for model in (AuditEntry, IdempotentRequest, Outcome, PoolShare, Decision)
    ]
    assert "purple" not in json.dumps(kept, default=str)
    assert "purple" not in caplog.text
    entry = AuditEntry.objects.get(action="feedback.given")
    assert entry.after["value"] == "0.3"
    assert (entry.after["comment"], entry.after["demonstration"]) == (True, True)


def test_the_neighbours_decisions_are_unknown(api, tenant, other_api, other_tenant, in_tenant):
    """Another tenant's decision, execution and feedback are answered like an id that is nowhere."""
    execution = uuid4()
    decision = answered(execution_id=execution)
    given = give(api, decision).json()
    nowhere = str(uuid4())
    for name, theirs in (("decision_id", decision.pk), ("execution_id", execution)):
        asked = [
            other_api.post(URL, {"value": True, name: str(one)}, format="json") for one in (theirs, nowhere)
        ]
        assert [told.status_code for told in asked] == [404, 404]
        assert asked[0].json()["detail"] == asked[1].json()["detail"]
    assert other_api.get(f"{URL}/{given['id']}").status_code == 404
    assert other_api.get(URL).json()["items"] == []
    assert Feedback.objects.count() == 1


def test_it_needs_its_scope(tenant):
    """Who may only read decisions reads feedback and gives none."""
    viewer = client_of(tenant, scopes=READ)
    told = give(viewer, answered())
    assert told.status_code == 403
    assert "feedback:write" in told.content.decode()
    assert viewer.get(URL).status_code == 200


def test_an_answer_that_never_was_is_not_judged(api, tenant):
    """Where no model answered there is nothing to speak of, and no model's record changes."""
    assert give(api, answered(ok=False)).status_code == 409
    assert not Outcome.objects.exists()


def test_it_lists_newest_first_in_pages(api, tenant):
    """The list goes from page to page without the texts, and by decision."""
    decisions = [answered() for _ in range(3)]
    for decision in decisions:
        give(api, decision, comment="words")
    page = api.get(f"{URL}?limit=2").json()
    rest = api.get(page["next"]).json()
    listed = [row["decision_id"] for row in [*page["items"], *rest["items"]]]
    assert listed == [str(decision.pk) for decision in reversed(decisions)]
    assert "comment" not in page["items"][0]
    one = api.get(f"{URL}?decision_id={decisions[1].pk}").json()["items"]
    assert [row["decision_id"] for row in one] == [str(decisions[1].pk)]
    assert api.get(f"{URL}?decision_id=x").status_code == 400
